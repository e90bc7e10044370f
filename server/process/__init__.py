"""Starts, checks and ends the server process."""
