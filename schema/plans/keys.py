"""The form in which the keys of rows are compared, whatever the driver makes of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid
from sqlalchemy.engine import Dialect

from data.prepared import Process, result_process


@dataclass(frozen=True, slots=True)
class KeyForm:
    """The form in which keys are compared: SQLite's own text, or what another driver's value is made into."""

    process: Process | None

    @classmethod
    def of(cls, dialect: Dialect) -> "KeyForm":
        """Return the form of a dialect."""
        return cls(None if dialect.name == "sqlite" else result_process(Uuid(), dialect))

    def key(self, key: UUID) -> Any:
        """Return a key in this form."""
        return key.hex if self.process is None else key

    def uuid(self, key: Any) -> UUID:
        """Return the key that this form stands for."""
        return UUID(key) if self.process is None else key

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
