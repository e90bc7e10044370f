"""Live updates: what changes in the database reaches every subscriber of this process."""
