"""Serves `/graphql` over WebSocket (graphql-transport-ws)."""
