"""Introspection, for those who are shown the schema."""

from typing import Any

from graphql import FieldNode, GraphQLError, ValidationRule

from core.errors import ErrorCode
from resolvers.context import Context

FIELDS = {"__schema", "__type"}


class NoIntrospection(ValidationRule):
    """Refuses the fields that show the schema. `__typename` does not: clients need it for their caches."""

    def enter_field(self, node: FieldNode, *_args: Any) -> None:
        """Look at a field."""
        if node.name.value in FIELDS:
            message = f"`{node.name.value}` is switched off on this server for this viewer."
            self.report_error(GraphQLError(message, node, extensions={"code": ErrorCode.FORBIDDEN.value}))


def introspection_rules(context: Context) -> tuple[type[ValidationRule], ...]:
    """Return the rules for a viewer: none for one who is shown the schema."""
    return () if context.sees_schema else (NoIntrospection,)
