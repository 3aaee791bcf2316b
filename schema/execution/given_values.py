"""The values that a client gives an operation, in its text and in its variables: how many, how nested, which files.

They are counted before anything is coerced or validated: what graphql-core says about a wrong value takes longer than
what it says about a right one, and it says it of every value.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    ExecutableDefinitionNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    ValueNode,
    VariableNode,
)
from starlette.datastructures import UploadFile

from resolvers.errors import BadInput

MAX_LITERALS = 100
"""Values in an operation's text, its variables among them: a list, an object and each value in them count one each."""
MAX_NUMBER_CHARACTERS = 400
"""What a number takes in a text: the largest of double precision has 309 digits."""
MAX_VARIABLE_VALUES = 500
"""Values in an operation's variables, counted in the same way. No input of the graph takes a hundred."""
MAX_VARIABLE_DEPTH = 20
MAX_KEY_CHARACTERS = 255
MAX_TEXT_CHARACTERS = 100_000
"""Characters of one text among the variables: what an operator may allow a message at most."""


def check_literals(document: DocumentNode) -> None:
    """Raise `BadInput` for a text with too many values, or with a number that is too long."""
    definitions = (node for node in document.definitions if isinstance(node, ExecutableDefinitionNode))
    values = (value for definition in definitions for value in _values_of(definition))
    for count, node in enumerate(values, 1):
        if count > MAX_LITERALS:
            raise BadInput(f"The operation's text holds more than {MAX_LITERALS} values: send them as variables.")
        if isinstance(node, IntValueNode | FloatValueNode) and len(node.value) > MAX_NUMBER_CHARACTERS:
            raise BadInput(f"A number of the operation is longer than {MAX_NUMBER_CHARACTERS} digits: write less.")


def check_variables(variables: Mapping[str, Any]) -> None:
    """Raise `BadInput` for variables with too many values, too deep, or with a text or a key that is too long."""
    count = 0
    waiting: list[tuple[int, Any]] = [(0, variables)]
    while waiting:
        depth, value = waiting.pop()
        if isinstance(value, str) and len(value) > MAX_TEXT_CHARACTERS:
            raise BadInput(
                f"A text of the variables has more than {MAX_TEXT_CHARACTERS:,} characters: send a shorter one."
            )
        if not isinstance(value, Mapping | list):
            continue
        count += len(value)
        if count > MAX_VARIABLE_VALUES:
            raise BadInput(f"The variables hold more than {MAX_VARIABLE_VALUES:,} values: send several operations.")
        if depth > MAX_VARIABLE_DEPTH:
            raise BadInput(f"The variables are nested in more than {MAX_VARIABLE_DEPTH} levels: nest fewer.")
        if isinstance(value, Mapping) and any(len(key) > MAX_KEY_CHARACTERS for key in value):
            raise BadInput(f"No input has a name as long as a key of the variables: {MAX_KEY_CHARACTERS} at most.")
        waiting += [(depth + 1, inside) for inside in (value.values() if isinstance(value, Mapping) else value)]


def check_files(document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> None:
    """Raise `BadInput` unless each file among the variables is used by one field alone.

    Whatever uses a file reads and stores all of it. The variables are within their bounds.
    """
    files = [(name, file) for name, value in variables.items() for file in _files(value)]
    if not files:
        return
    places = Counter(id(file) for _, file in files)
    fragments = [node for node in document.definitions if isinstance(node, FragmentDefinitionNode)]
    values = (value for definition in (operation, *fragments) for value in _values_of(definition))
    uses = Counter(value.name.value for value in values if isinstance(value, VariableNode))
    if max(places.values()) > 1 or any(uses[name] > 1 for name, _ in files):
        raise BadInput("A file is used by one field alone: send the file once for each field that takes it.")


def _files(value: Any) -> Iterator[UploadFile]:
    if isinstance(value, UploadFile):
        yield value
    elif isinstance(value, Mapping | list):
        for inside in value.values() if isinstance(value, Mapping) else value:
            yield from _files(inside)


def arguments_of(document: DocumentNode) -> Iterator[ArgumentNode]:
    """Yield the arguments of all fields and directives of a document's definitions."""
    for definition in document.definitions:
        if isinstance(definition, ExecutableDefinitionNode):
            yield from _arguments(definition)


def _arguments(definition: ExecutableDefinitionNode) -> Iterator[ArgumentNode]:
    yield from _of_directives(definition.directives)
    waiting = [definition.selection_set]
    while waiting:
        for node in waiting.pop().selections:
            if isinstance(node, FieldNode):
                yield from node.arguments or ()
            yield from _of_directives(node.directives)
            inside = getattr(node, "selection_set", None)
            if inside is not None:
                waiting.append(inside)


def _of_directives(directives: Iterable[DirectiveNode] | None) -> Iterator[ArgumentNode]:
    for directive in directives or ():
        yield from directive.arguments or ()


def _values_of(definition: ExecutableDefinitionNode) -> Iterator[ValueNode]:
    """Yield each value in the text of a definition, with those in lists and objects."""
    for declared in definition.variable_definitions or ():
        if declared.default_value is not None:
            yield from _values(declared.default_value)
        for argument in _of_directives(declared.directives):
            yield from _values(argument.value)
    for argument in _arguments(definition):
        yield from _values(argument.value)


def _values(value: ValueNode) -> Iterator[ValueNode]:
    yield value
    if isinstance(value, ListValueNode):
        for item in value.values:
            yield from _values(item)
    elif isinstance(value, ObjectValueNode):
        for field in value.fields:
            yield from _values(field.value)
