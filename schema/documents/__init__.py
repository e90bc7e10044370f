"""GraphQL documents: how large they may be, what they cost, which scopes they need; parsed and validated once."""
