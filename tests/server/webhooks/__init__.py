"""Checks webhooks on a running server, with receivers that answer well, wrongly, late and never."""
