"""Rapporteur measured beside other GraphQL servers: see `README.md`."""
