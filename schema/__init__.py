"""The GraphQL schema. It only declares: the objects behind its types are the entities of the domain."""
