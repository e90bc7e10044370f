"""The GraphQL schema: declarations only. Sources of its types are the domain's entities."""
