"""Checks the outbox of webhooks in the database."""
