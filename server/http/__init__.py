"""Serves `/graphql` over HTTP and as Server-Sent Events, the checks of health, and metrics."""
