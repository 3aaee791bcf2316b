"""The validation cache: what was parsed, measured and validated of a text is kept for the next time."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GRAPHQL_MAX_INT,
    ASTValidationRule,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableNode,
    parse,
    validate,
    value_from_ast_untyped,
)
from graphql.language import DocumentNode
from graphql.validation.rules import overlapping_fields_can_be_merged
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from resolvers.errors import BadInput
from schema.execution.complexity import Measure, measure, too_large
from schema.execution.costs import SIZE_ARGUMENTS
from schema.execution.given_values import arguments_of, check_literals
from schema.plans.planned import Plans

MAX_CHARACTERS = 100_000
"""Characters of one operation. Long texts travel in its variables, which the request's size bounds."""
MAX_LINES = 5_000
"""Lines of one operation: graphql-core counts them one by one to say where an error is."""
MAX_VALIDATION_ERRORS = 5
"""Errors after which validation ends: each takes long to word, with the names that may have been meant."""
MAX_COMPARISONS = 10_000
"""What comparing the fields of an operation that have one name in its response may cost, in graphql-core's unit: two
for each pair of fields, so that the comparing ends within some 20 ms."""
KEPT_CHARACTERS = 250_000
"""Characters of the operations that are kept, all together: some hundred megabytes when they are parsed and every
character is a token, some hundred operations of a usual client in a few megabytes."""
MAX_DATE_CHARACTERS = 10
KEPT_MEASURES = 50
"""Measures kept of one operation, each for other sizes of its pages."""

ABORTED = "Validation aborted."
"""What graphql-core says when it gives up comparing."""
ENTANGLED = "Too many fields have one name in the response: name each field once, and spread each fragment once."

overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = MAX_COMPARISONS

Rules = tuple[type[ASTValidationRule], ...]


@dataclass(frozen=True, slots=True)
class CachedDocument:
    """What is known of a text: the document it is, its measures, what validation says of it, and its plans."""

    document: DocumentNode
    size_variables: frozenset[str]
    plans: Plans
    measures: dict[object, Measure] = field(default_factory=dict)
    errors: dict[object, list[GraphQLError]] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str, max_tokens: int) -> "CachedDocument":
        """Read a text. Raises `GraphQLSyntaxError`, and `BadInput` for one with too many values."""
        if len(text) > MAX_CHARACTERS or text.count("\n") + text.count("\r") > MAX_LINES:
            raise BadInput(
                f"The operation's text has more than {MAX_CHARACTERS:,} characters or {MAX_LINES:,} lines: send long "
                "texts as variables."
            )
        document = parse(text, max_tokens=max_tokens)
        check_literals(document)
        return cls(document, _size_variables(document), Plans(document))

    def measure(
        self, schema: GraphQLSchema, operation: OperationDefinitionNode, variables: Mapping[str, Any]
    ) -> Measure:
        """Return the size of one of the operations. Raises `TooNested`."""
        values = _sizes(operation, self.size_variables, variables) if self.size_variables else {}
        key = (id(operation), repr(sorted(values.items())) if values else "")
        if key not in self.measures:
            if len(self.measures) >= KEPT_MEASURES:
                self.measures.clear()
            self.measures[key] = measure(schema, self.document, operation, values)
        return self.measures[key]

    def validate(self, schema: GraphQLSchema, rules: Rules) -> list[GraphQLError]:
        """Return what is wrong with the document, as far as the first errors."""
        if rules not in self.errors:
            rules_of_inputs = (MaybeNullValidationRule, OneOfInputValidationRule)
            errors = validate(schema, self.document, (*rules, *rules_of_inputs), max_errors=MAX_VALIDATION_ERRORS)
            # graphql-core ends the list with an error that says that there are more.
            self.errors[rules] = [
                too_large(ENTANGLED) if error.message == ABORTED else error for error in errors[:MAX_VALIDATION_ERRORS]
            ]
        return self.errors[rules]


def _size_variables(document: DocumentNode) -> frozenset[str]:
    """Return the variables on which the length of a list depends."""
    return frozenset(
        argument.value.name.value
        for argument in arguments_of(document)
        if argument.name.value in SIZE_ARGUMENTS and isinstance(argument.value, VariableNode)
    )


def _sizes(operation: OperationDefinitionNode, names: frozenset[str], variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the variables on which the length of a list depends, with their defaults."""
    defaults = {
        definition.variable.name.value: value_from_ast_untyped(definition.default_value)
        for definition in operation.variable_definitions or ()
        if definition.default_value is not None and definition.variable.name.value in names
    }
    asked = {name: value for name, value in variables.items() if name in names}
    return {name: _plain(value) for name, value in {**defaults, **asked}.items()}


def _plain(value: Any) -> int | str | None:
    """Return a size as it was asked, or a text that is no size for what could only be refused."""
    if value is None or (isinstance(value, int) and abs(value) <= GRAPHQL_MAX_INT):
        return value
    return value if isinstance(value, str) and len(value) <= MAX_DATE_CHARACTERS else "?"


class ValidationCache:
    """The texts that were asked last, within a bound of their size."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, CachedDocument] = OrderedDict()
        self._characters = 0

    def document(self, text: str, max_tokens: int) -> CachedDocument:
        """Return what is known of a text, reading it if need be. Raises `GraphQLSyntaxError` and `BadInput`."""
        known = self._known.get(text)
        if known is not None and known.document.token_count <= max_tokens:
            self._known.move_to_end(text)
            return known
        operations = CachedDocument.read(text, max_tokens)
        self._known[text] = operations
        self._characters += len(text)
        while self._characters > KEPT_CHARACTERS:
            self._characters -= len(self._known.popitem(last=False)[0])
        return operations

    def clear(self) -> None:
        """Know no text any more."""
        self._known.clear()
        self._characters = 0


CACHE = ValidationCache()
"""The operations that this process was asked last: a client sends few texts, many times."""


def named_operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """Return the operation to run: Strawberry has found before that there is one."""
    operations = (node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return next(node for node in operations if name is None or (node.name and node.name.value == name))


def is_ambiguous(document: DocumentNode | None, name: str | None) -> bool:
    """Tell whether a document has several operations and the client did not say which one is meant."""
    definitions = document.definitions if document else ()
    return name is None and sum(isinstance(node, OperationDefinitionNode) for node in definitions) > 1
