"""The one place where Strawberry's hooks meet this folder's functions.

An operation is prepared (admitted, its text found by its hash, parsed, chosen), authorised (open to the viewer, within
the limits, valid), executed, and its errors masked. Telemetry surrounds all of it.
"""

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from typing import Any, cast

import strawberry
from graphql import GraphQLError, OperationDefinitionNode, OperationType
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import SchemaExtension
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionContext
from strawberry.types.execution import PreExecutionError

from core.errors import ErrorCode, OperationError
from resolvers.context import Context
from schema.execution.complexity import TOO_NESTED, TooNested, excesses, too_large
from schema.execution.error_masking import mask_error, mask_errors
from schema.execution.given_values import check_files, check_variables
from schema.execution.introspection import introspection_rules
from schema.execution.operation_allowlist import closed_to
from schema.execution.persisted_operations import PersistedOperations
from schema.execution.response_budget import BudgetedExecutor
from schema.execution.telemetry import OperationTelemetry
from schema.execution.validation_cache import (
    CACHE,
    CachedDocument,
    is_ambiguous,
    named_operation,
)
from schema.plans.planned import Plans

AMBIGUOUS = "The document has several operations: say by `operationName` which one is meant."


class OperationSchema(strawberry.Schema):
    """The schema, which prepares each operation.

    An operation of somebody without a token is counted before it is read. One that cannot be chosen from its document
    fails as one that is not valid.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, extensions=[OperationAdapter], execution_context_class=BudgetedExecutor)
        self.persisted = PersistedOperations()

    def create_extensions_runner(
        self, execution_context: ExecutionContext, extensions: list[Any]
    ) -> SchemaExtensionsRunner:
        """Return what calls the adapter's hooks."""
        (adapter,) = extensions
        return OperationRunner(execution_context, adapter)

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Leave logging to `error_masking`, which logs a fault once, with what an operator needs."""
        for error in errors:
            logging.getLogger(__name__).debug("%s", error.message)

    async def _prepare_operation_async(
        self, context: ExecutionContext, extensions_runner: SchemaExtensionsRunner
    ) -> PreExecutionError | None:
        try:
            await cast("Context", context.context).admit()
            context.query = self.persisted.text_of(context.query, context.operation_extensions)
            failure = await super()._prepare_operation_async(context, extensions_runner)
        except OperationError as error:
            return PreExecutionError(data=None, errors=[GraphQLError(str(error), original_error=error)])
        except GraphQLError as error:
            return PreExecutionError(data=None, errors=[error])
        except CannotGetOperationTypeError as error:
            return PreExecutionError(data=None, errors=[GraphQLError(error.as_http_error_reason())])
        # Strawberry would take the first of several; what the client itself named is kept in this attribute alone.
        named = context._provided_operation_name  # noqa: SLF001
        if failure is None and is_ambiguous(context.graphql_document, named):
            return PreExecutionError(data=None, errors=[GraphQLError(AMBIGUOUS)])
        return failure


class OperationRunner(SchemaExtensionsRunner):
    """Calls the steps of the one adapter. Strawberry's own looks for the hooks of each extension at each operation."""

    def __init__(self, execution_context: ExecutionContext, adapter: "OperationAdapter") -> None:
        super().__init__(execution_context, [adapter])
        self._adapter = adapter

    def operation(self) -> Any:
        """Return the block of the whole operation."""
        return _Block(self._adapter.observed())

    def parsing(self) -> Any:
        """Return the block in which the text is read."""
        return _Before(self._adapter.parse)

    def validation(self) -> Any:
        """Return the block in which the operation is authorised."""
        return _Before(self._adapter.authorise)

    def executing(self) -> Any:
        """Return the block in which the operation is executed."""
        return _BeforeWaiting(self._adapter.execute)

    def on_stream_result(self, result: Any) -> Any:
        """Return the block in which a result of a subscription is sent."""
        return _Before(lambda: self._adapter.mask_streamed(result))

    async def get_extensions_results(self, ctx: ExecutionContext) -> dict[str, Any]:
        """Return the response's extensions."""
        return dict(ctx.extensions_results)


class _Block(AbstractAsyncContextManager[None]):
    """A block that is entered and left without waiting."""

    def __init__(self, block: AbstractContextManager[None]) -> None:
        self._block = block

    async def __aenter__(self) -> None:
        self._block.__enter__()

    async def __aexit__(self, *failure: Any) -> bool | None:
        return self._block.__exit__(*failure)


class _Before(AbstractAsyncContextManager[None]):
    """A block before which a step is taken."""

    def __init__(self, step: Callable[[], None]) -> None:
        self._step = step

    async def __aenter__(self) -> None:
        self._step()

    async def __aexit__(self, *failure: object) -> None:
        return


class _BeforeWaiting(AbstractAsyncContextManager[None]):
    """A block before which a step is taken that waits."""

    def __init__(self, step: Callable[[], Awaitable[None]]) -> None:
        self._step = step

    async def __aenter__(self) -> None:
        await self._step()

    async def __aexit__(self, *failure: object) -> None:
        return


class OperationAdapter(SchemaExtension):
    """The steps of one operation, in the order in which Strawberry takes them."""

    _document: CachedDocument
    _operation: OperationDefinitionNode
    _telemetry: OperationTelemetry

    def __init__(self) -> None:
        self._is_streamed = False

    @contextmanager
    def observed(self) -> Iterator[None]:
        """Surround the operation: telemetry, the viewer's rules, and errors as the client reads them."""
        execution = self.execution_context
        context: Context = execution.context
        execution.validation_rules += introspection_rules(context)
        self._telemetry = OperationTelemetry(execution)
        with self._telemetry.observed():
            try:
                yield
            except (MissingQueryError, InvalidOperationTypeError):
                # The transport answers these.
                context.codes.add(ErrorCode.BAD_USER_INPUT.value)
                raise
            except Exception as failure:
                raise mask_error(context, GraphQLError(str(failure), original_error=failure)) from failure
            # The results of a subscription were masked one by one.
            if execution.result is not None and not self._is_streamed:
                self._mask(execution.result)
            for error in execution.pre_execution_errors or ():
                error.extensions = mask_error(context, error).extensions

    def parse(self) -> None:
        """Take the document from the cache. Raises `GraphQLSyntaxError` and `BadInput`."""
        execution = self.execution_context
        context: Context = execution.context
        self._document = CACHE.document(execution.query or "", context.limits.tokens)
        execution.graphql_document = self._document.document

    def authorise(self) -> None:
        """Refuse what is closed to the viewer, too large, or not of the graph, in this order."""
        execution = self.execution_context
        # Strawberry has found that there is one.
        self._operation = named_operation(self._document.document, execution.operation_name)
        check_variables(execution.variables or {})
        execution.pre_execution_errors = list(self._refused())
        if execution.variables and not execution.pre_execution_errors:
            check_files(self._document.document, self._operation, execution.variables)

    async def execute(self) -> None:
        """Count the operation as under way. A query is executed by its plan, if it has one."""
        execution, operation = self.execution_context, self._operation
        self._telemetry.executing(operation.operation.value)
        plans: Plans = self._document.plans
        if operation.operation is OperationType.SUBSCRIPTION:
            # Each event is executed by itself: see `BudgetedExecutor`.
            execution.context.plans = plans
        elif operation.operation is OperationType.QUERY:
            graph = cast("OperationSchema", execution.schema)._schema  # noqa: SLF001 - Strawberry's own read it so
            execution.result = await plans.answer(graph, operation, execution.context, execution.variables or {})

    def mask_streamed(self, result: Any) -> None:
        """Mask the errors of one result of a subscription."""
        self._is_streamed = True
        self._mask(result)

    def _mask(self, result: Any) -> None:
        """Mask the errors of a result that has any. It has its data as values only for who asks."""
        if result.errors:
            result.errors = mask_errors(self.execution_context.context, result.errors)

    def _refused(self) -> list[GraphQLError]:
        execution = self.execution_context
        schema = cast("OperationSchema", execution.schema)
        graph = schema._schema  # noqa: SLF001 - as above
        return (
            closed_to(execution.context, schema.persisted, execution.query or "", self._operation)
            or self._too_large(graph)
            or self._document.validate(graph, execution.validation_rules)
        )

    def _too_large(self, graph: Any) -> list[GraphQLError]:
        """Return what is too large about the operation; what is not is told with its cost."""
        execution, context = self.execution_context, cast("Context", self.execution_context.context)
        try:
            size = self._document.measure(graph, self._operation, execution.variables or {})
        except TooNested:
            return [too_large(TOO_NESTED)]
        if self._operation.operation is not OperationType.SUBSCRIPTION:
            execution.extensions_results["cost"] = {"requested": size.cost, "limit": context.limits.cost}
        return list(excesses(size, context.policy, context.limits))
