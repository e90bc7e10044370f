"""The resolvers: they check arguments, and read and write entities. They know neither SQL nor the GraphQL types."""
