"""Alembic's entry: runs on the connection that `data.migrations` hands over."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from data.models import Model
from data.types import Chosen, Json, UtcDateTime, Vector, utc_now

OWN_TYPES = {
    UtcDateTime: "UtcDateTime()",
    Json: "sa.Unicode()",
    Vector: "Vector()",
}


def render(kind: str, element: Any, autogen: AutogenContext) -> str | Literal[False]:
    if kind == "server_default" and isinstance(getattr(element, "arg", None), utc_now):
        autogen.imports.add("from data.types import utc_now")
        return "utc_now()"
    if kind != "type":
        return False
    if isinstance(element, Chosen):
        return f"sa.Unicode({element.length})"
    name = OWN_TYPES.get(type(element))
    if name is None:
        return False
    if not name.startswith("sa."):
        autogen.imports.add(f"from data.types import {type(element).__name__}")
    return name


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Model.metadata,
    render_item=render,
    include_name=lambda name, kind, _parents: kind != "table" or name != "schema_objects",
    compare_server_default=False,
)
with context.begin_transaction():
    context.run_migrations()
