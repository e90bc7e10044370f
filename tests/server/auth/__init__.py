"""Checks authentication and authorisation on a running server."""
