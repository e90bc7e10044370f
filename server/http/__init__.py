"""`/graphql` over HTTP, Server-Sent Events, metrics and health."""
