"""Which operations are planned, and how often graphql-core executes one instead."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import structlog
from graphql import (
    DirectiveNode,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    get_variable_values,
    visit,
)
from graphql.execution.values import VariableValues
from prometheus_client import Counter

from core.errors import MonitoraError
from data.engine import is_unavailable
from data.prepared import rights_of
from data.reads import Reads
from resolvers.context import Context
from schema.plans.leaves import Unwritable
from schema.plans.plan import Plan, PlannedResult
from schema.plans.planning import Planner
from schema.plans.row_planning import Unplanned
from schema.plans.run import TooManyBytes

logger = structlog.get_logger(__name__)

PLANS = Counter(
    "monitora_plans",
    "Queries, and events of subscriptions, by what executed them: their plan (planned), graphql-core because a plan "
    "does not know all that they ask for (unknown), or graphql-core because the plan met an error to tell (refused).",
    ["outcome"],
)
EXPECTED = MonitoraError | GraphQLError | Unwritable | TooManyBytes
"""What ends a plan because the response is to hold an error. Anything else is an error of the plan's own."""
MAX_PLANS = 300
"""Plans that a process keeps: one for each operation of a document, each kind of viewer, and what `@skip` and
`@include` say. One takes up to some 300 KB: a client may send many texts and switch each of them in many ways."""


class Plans:
    """The plans of a document, made when they are first asked for and kept among those used last."""

    def __init__(self, document: DocumentNode) -> None:
        self._document = document
        self._switches = _switches(document)

    async def answer(
        self, schema: GraphQLSchema, operation: OperationDefinitionNode, context: Context, given: Mapping[str, Any]
    ) -> PlannedResult | None:
        """Return the response of a query, or None: graphql-core executes it, and tells its errors."""
        variables = get_variable_values(schema, operation.variable_definitions or (), dict(given))
        if isinstance(variables, list):
            PLANS.labels("refused").inc()
            return None
        return await self.execute(schema, operation, context, variables)

    async def execute(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        context: Context,
        variables: VariableValues,
        source: Any = None,
    ) -> PlannedResult | None:
        """Return the response of a query, or of the event `source` of a subscription; None as `answer` does."""
        try:
            plan = self._plan(schema, operation, context, variables)
            result = PlannedResult(await plan.execute(context, variables, source))
        except Unplanned:
            PLANS.labels("unknown").inc()
            return None
        except Exception as error:  # noqa: BLE001 - whatever it was, graphql-core meets it again and says so
            PLANS.labels("refused").inc()
            if not isinstance(error, EXPECTED) and not is_unavailable(error):
                logger.warning("plan_failed", error=type(error).__qualname__)
            return None
        PLANS.labels("planned").inc()
        return result

    def _plan(
        self, schema: GraphQLSchema, operation: OperationDefinitionNode, context: Context, variables: VariableValues
    ) -> Plan:
        """Return the plan of an operation for viewers like this one. Raises `Unplanned`."""
        dialect = context.database.compiler
        switches = _only(variables, self._switches)
        key = (self, id(operation), rights_of(context.viewer), dialect.name, tuple(switches.coerced.items()))
        if key in _kept:
            _kept.move_to_end(key)
        else:
            reads = Reads(context.viewer, dialect)
            try:
                _kept[key] = Plan(Planner(schema, self._document, operation, switches, reads).root())
            except Unplanned as unknown:
                # The words alone: an error that is raised again holds the frames of each time, and what they hold.
                _kept[key] = str(unknown)
            if len(_kept) > MAX_PLANS:
                _kept.popitem(last=False)
        plan = _kept[key]
        if isinstance(plan, str):
            raise Unplanned(plan)
        return plan


_kept: OrderedDict[object, Plan | str] = OrderedDict()
"""The plans that were used last, the oldest first; of what is not planned, why not."""


def _only(variables: VariableValues, names: tuple[str, ...]) -> VariableValues:
    """Return some of the variables: a plan is kept, and must not keep what a client sent."""
    known = [name for name in names if name in variables.coerced]
    return VariableValues(
        {name: variables.sources[name] for name in known}, {name: variables.coerced[name] for name in known}
    )


def _switches(document: DocumentNode) -> tuple[str, ...]:
    """Return the variables that `@skip` and `@include` name."""
    names: dict[str, None] = {}

    class Switches(Visitor):
        def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
            for argument in node.arguments or ():
                if isinstance(argument.value, VariableNode):
                    names[argument.value.name.value] = None

    visit(document, Switches())
    return tuple(names)
