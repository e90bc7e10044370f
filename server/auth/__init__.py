"""Who asks, how much they may ask, and for how long what they came with is good."""
