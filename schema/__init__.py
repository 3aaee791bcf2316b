"""What a client sees: the GraphQL types and the roots `Query`, `Mutation` and `Subscription`."""

from schema.graph import exported, schema

__all__ = ["exported", "schema"]
