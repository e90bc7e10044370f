"""Who may do what, tried on a running server."""
