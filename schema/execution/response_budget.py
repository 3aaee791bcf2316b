"""The budget of a response: its bytes are counted as its values are completed, and too many end the execution."""

import json
from json.encoder import encode_basestring
from typing import Any, Self, cast

from graphql import GraphQLError, GraphQLLeafType, GraphQLObjectType, GraphQLOutputType, OperationType, located_error
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from core.errors import ErrorCode, OperationError
from schema.plans.planned import Plans

NULL_BYTES = 4
KEY_BYTES = 4 + NULL_BYTES
"""What a key takes beside its name: two quotes, a colon, a comma, and a null unless a leaf replaces it."""
ERROR_BYTES = 500
"""What an error counts, which takes memory until the execution ends, even if the response does not hold it."""


class ResponseTooLarge(OperationError):
    """The response has more bytes than its viewer is sent. What a mutation changed before stays changed."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            ErrorCode.RESPONSE_TOO_LARGE,
            f"The response would have more than {limit:,} bytes: ask for fewer items a page (`first`, `last`), for "
            "fewer fields, or in several operations.",
        )


class BudgetedExecutor(StrawberryGraphQLCoreExecutionContext):
    """Executes an operation within its viewer's budget. Each event of a subscription has a budget of its own.

    Once the budget is spent every value raises, so that what is under way beside it ends too, and the error replaces
    the whole response.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._budget: int = self.context_value.limits.response_bytes
        self._left = self._budget

    def build_per_event_executor(self, payload: Any) -> Self:
        """Return the executor of one event of a subscription."""
        executor = cast("Self", super().build_per_event_executor(payload))
        executor._left = self._budget  # noqa: SLF001 - another of this class
        return executor

    def execute_operation(self, serially: bool | None = None) -> Any:
        """Execute an operation, or one event of a subscription: by its plan, if it has one."""
        if self.operation.operation is OperationType.SUBSCRIPTION:
            return self._execute_event()
        return super().execute_operation(serially)

    async def _execute_event(self) -> Any:
        plans: Plans | None = self.context_value.plans
        if plans is not None:
            context, variables = self.context_value, self.variable_values
            planned = await plans.execute(self.schema, self.operation, context, variables, self.root_value)
            if planned is not None:
                return planned
        result = super().execute_operation(serially=False)
        return await result if self.is_awaitable(result) else result

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: Any,
    ) -> Any:
        """Count the keys of an object, and execute its fields."""
        self._spend(sum(map(len, grouped_field_set)) + KEY_BYTES * len(grouped_field_set))
        return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)

    def complete_leaf_value(self, return_type: GraphQLLeafType, result: Any) -> Any:  # type: ignore[override]
        """Return the value of a scalar or an enumeration, and count it."""
        value = super().complete_leaf_value(return_type, result)
        self._spend(json_bytes(value) - NULL_BYTES)
        return value

    def handle_field_error(
        self, raw_error: Exception, return_type: GraphQLOutputType, field_details_list: FieldDetailsList, path: Path
    ) -> None:
        """Count an error. One that comes after the budget is spent ends the execution: no null takes its place."""
        if self._left >= 0:
            super().handle_field_error(raw_error, return_type, field_details_list, path)
            self._left -= ERROR_BYTES
            return
        if isinstance(raw_error, GraphQLError) and isinstance(raw_error.original_error, ResponseTooLarge):
            raise raw_error
        self.collected_errors.errors.clear()
        nodes = [details.node for details in field_details_list]
        raise located_error(ResponseTooLarge(self._budget), nodes, path.as_list())

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise ResponseTooLarge(self._budget)


def json_bytes(value: Any) -> int:
    """Return how many bytes a leaf takes as JSON in UTF-8."""
    if isinstance(value, str):
        return len(encode_basestring(value).encode(errors="replace"))
    return len(json.dumps(value)) if isinstance(value, dict | list) else len(str(value))
