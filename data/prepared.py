"""Statements compiled once and run many times with other values. Their rows come as the driver gives them."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from sqlalchemy import Executable, Unicode, Uuid, bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from data.viewer import Anonymous, Staff, Viewer, Visitor

Process = Callable[[Any], Any]
_UNSAID = object()


class Prepared:
    """A statement as a dialect writes it, with the places of its parameters."""

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        """Compile a statement. What its bound parameters hold is what they are given when nothing else is said."""
        compiled = cast("SQLCompiler", cast("Any", statement).compile(dialect=dialect))
        self.text = str(compiled)
        """The SQL, its parameters as the driver wants them."""
        self._parameters = [
            (name, compiled.binds[name], bind_process(compiled.binds[name].type, dialect))
            for name in compiled.positiontup or ()
        ]

    def parameters(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the driver's parameters for some values, by their names in the statement."""
        given = []
        for name, parameter, process in self._parameters:
            value = values.get(name, _UNSAID)
            if value is _UNSAID:
                value = parameter.effective_value
            given.append(process(value) if process is not None else value)
        return tuple(given)


def result_process(kind: TypeEngine[Any], dialect: Dialect) -> Process | None:
    """Return what makes a Python value of the driver's value of a column, or None when they are the same."""
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def bind_process(kind: TypeEngine[Any], dialect: Dialect) -> Process | None:
    """Return what makes the driver's value of a Python value of a column, or None when they are the same."""
    return kind.dialect_impl(dialect).bind_processor(dialect)


def stand_in(viewer: Viewer) -> Viewer:
    """Return a viewer of the same rights, whose identifiers are parameters: `viewer_values` says them."""
    match viewer:
        case Staff():
            user_id, session_id = (bindparam(f"viewer_{name}", type_=Uuid()) for name in ("user_id", "session_id"))
            return Staff(cast("Any", user_id), cast("Any", session_id), viewer.role)
        case Visitor():
            workspace_id, visitor_id = (
                bindparam("viewer_workspace_id", type_=Uuid()),
                bindparam("viewer_visitor_id", type_=Unicode()),
            )
            return Visitor(cast("Any", workspace_id), cast("Any", visitor_id))
        case Anonymous():
            return Anonymous()


def viewer_values(viewer: Viewer) -> dict[str, Any]:
    """Return the values of the parameters of a viewer's stand-in."""
    match viewer:
        case Staff():
            return {"viewer_user_id": viewer.user_id, "viewer_session_id": viewer.session_id}
        case Visitor():
            return {"viewer_workspace_id": viewer.workspace_id, "viewer_visitor_id": viewer.visitor_id}
        case Anonymous():
            return {}


def rights_of(viewer: Viewer) -> object:
    """Return what of a viewer decides the text of a statement: their kind, and an account's role."""
    return (Staff, viewer.role) if isinstance(viewer, Staff) else type(viewer)
