"""Holds what tests share: databases, servers, clients, strategies and models."""
