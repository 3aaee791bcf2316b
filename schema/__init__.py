"""What a client sees: the GraphQL types and the roots `Query`, `Mutation` and `Subscription`."""
