"""Checks reads from replicas on a primary and a standby of its own."""
