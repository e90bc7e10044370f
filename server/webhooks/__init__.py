"""Sends what webhooks are to be told, from the outbox in the database."""
