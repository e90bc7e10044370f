"""Live updates: every subscriber of this process gets what changes in the database."""
