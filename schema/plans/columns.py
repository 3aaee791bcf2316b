"""The columns that a statement reads for a selection."""

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.types import TypeEngine


class Unplanned(Exception):
    """The operation asks for something that plans do not know. The message says what, for tests."""


class Columns:
    """The attributes of a model that a statement reads, in order. What is asked for twice is read once."""

    def __init__(self, model: type[Any], *names: str) -> None:
        self.model = model
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

    def kind(self, name: str) -> TypeEngine[Any]:
        """Return the type of an attribute. Raises `Unplanned` for one that is no column."""
        found = inspect(self.model).all_orm_descriptors.get(name)
        kind: TypeEngine[Any] | None = getattr(found, "type", None)
        if kind is None:
            raise Unplanned(f"{self.model.__name__}.{name} is no column")
        return kind

    @property
    def attributes(self) -> list[Any]:
        """What to select."""
        return [getattr(self.model, name) for name in self._names]
