"""Columns as a driver gives them: which ones a statement reads, and what their values are before SQLAlchemy's types."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Float, Integer, Unicode, Uuid, inspect
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

from data.prepared import Process, result_process
from data.types import Chosen, UtcDateTime


class UnknownColumn(LookupError):
    """A model has no column of that name."""


class Form(Enum):
    """What a driver gives of a column."""

    TEXT = auto()
    WHOLE_NUMBER = auto()
    NUMBER = auto()
    FLAG = auto()
    """A number: 0 is no, anything else yes."""
    MOMENT_TEXT = auto()
    """A moment in UTC as SQLite holds it: `2026-01-19 08:30:00.000000`."""
    KEY_TEXT = auto()
    """A key as SQLite holds it: 32 hexadecimal digits."""
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Given:
    """What a driver gives of a column, and what makes the model's value of it; None when they are the same.

    `choices` are the members of the column's enumeration, if it has one, by what the driver gives.
    """

    form: Form
    process: Process | None
    choices: dict[str, Enum] | None = None

    @classmethod
    def of(cls, kind: TypeEngine[Any], dialect: Dialect) -> "Given":
        """Return what the driver of a dialect gives of a type."""
        choices = {choice.value: choice for choice in kind.choices} if isinstance(kind, Chosen) else None
        return cls(_form(kind, dialect), result_process(kind, dialect), choices)


def _form(kind: TypeEngine[Any], dialect: Dialect) -> Form:
    on_sqlite: dict[type[Any], Form] = {Boolean: Form.FLAG, UtcDateTime: Form.MOMENT_TEXT, Uuid: Form.KEY_TEXT}
    if dialect.name == "sqlite":
        for python_type, form in on_sqlite.items():
            if isinstance(kind, python_type):
                return form
    if result_process(kind, dialect) is None:
        for python_type, form in {Unicode: Form.TEXT, Integer: Form.WHOLE_NUMBER, Float: Form.NUMBER}.items():
            if isinstance(kind, python_type):
                return form
    return Form.OTHER


class Columns:
    """The attributes of a model that a statement reads, in order. What is asked for twice is read once."""

    def __init__(self, model: type[Any], names: Sequence[str], dialect: Dialect) -> None:
        self.model = model
        self._dialect = dialect
        self._synonyms = {name: synonym.name for name, synonym in inspect(model).synonyms.items()}
        self._names: list[str] = []
        for name in names:
            self.position(name)

    def position(self, name: str) -> int:
        """Return the place of an attribute, which is read from now on."""
        name = self._synonyms.get(name, name)
        if name not in self._names:
            self._names.append(name)
        return self._names.index(name)

    def given(self, name: str) -> Given:
        """Return what the driver gives of an attribute. Raises `UnknownColumn`."""
        found = inspect(self.model).all_orm_descriptors.get(name)
        kind: TypeEngine[Any] | None = getattr(found, "type", None)
        if kind is None:
            raise UnknownColumn(f"{self.model.__name__}.{name}")
        return Given.of(kind, self._dialect)

    @property
    def attributes(self) -> list[Any]:
        """What to select."""
        return [getattr(self.model, name) for name in self._names]


@dataclass(frozen=True, slots=True)
class KeyForm:
    """The form in which keys are compared: SQLite's own text, or the keys themselves, made of what a driver gives."""

    process: Process | None

    @classmethod
    def of(cls, dialect: Dialect) -> "KeyForm":
        """Return the form of a dialect."""
        given = Given.of(Uuid(), dialect)
        return cls(None if given.form is Form.KEY_TEXT else given.process or _same)

    def key(self, key: UUID) -> Any:
        """Return a key in this form."""
        return key.hex if self.process is None else key

    def hexadecimal(self, value: Any) -> str:
        """Return the 32 digits of a driver's value of a key."""
        digits: str = value if self.process is None else self.process(value).hex
        return digits

    def column(self, values: Sequence[Any]) -> Sequence[Any]:
        """Return the driver's values of keys in this form."""
        if self.process is None:
            return values
        return [None if value is None else self.process(value) for value in values]

    def of_objects(self, name: str) -> Callable[[Sequence[Any]], Sequence[Any]]:
        """Return what reads the keys in an attribute of objects."""

        def read(objects: Sequence[Any]) -> Sequence[Any]:
            keys = (getattr(value, name) for value in objects)
            return [None if key is None else self.key(key) for key in keys]

        return read


def _same(value: Any) -> Any:
    return value
