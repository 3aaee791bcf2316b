"""Introspection, for those who are shown the schema."""

from collections.abc import Iterator
from typing import Any

from graphql import FieldNode, GraphQLError, ValidationRule
from strawberry.extensions import SchemaExtension

from core.errors import ErrorCode
from resolvers.context import Context

FIELDS = {"__schema", "__type"}


class NoIntrospection(ValidationRule):
    """Refuses the fields that show the schema. `__typename` is no such field: clients need it for their caches."""

    def enter_field(self, node: FieldNode, *_args: Any) -> None:
        """Look at a field."""
        if node.name.value in FIELDS:
            message = f"`{node.name.value}` is switched off on this server for this viewer."
            self.report_error(GraphQLError(message, node, extensions={"code": ErrorCode.FORBIDDEN.value}))


class IntrospectionByViewer(SchemaExtension):
    """Adds the rule for a viewer who is not shown the schema. Documents are validated once for each of the two."""

    def on_operation(self) -> Iterator[None]:
        """Choose the rules of an operation."""
        context: Context = self.execution_context.context
        if not context.sees_schema:
            self.execution_context.validation_rules += (NoIntrospection,)
        yield
