"""What a domain brings to the graph. Each has one `DOMAIN`, in its folder, which `schema.graph` puts together."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Domain:
    """The parts of a domain.

    `queries`, `mutations` and `subscriptions` are types whose fields become those of the roots. `types` are object
    types that no field names, because they are reached through an interface. `nodes` are the models that `node` finds.
    """

    queries: tuple[type, ...] = ()
    mutations: tuple[type, ...] = ()
    subscriptions: tuple[type, ...] = ()
    types: tuple[type, ...] = ()
    nodes: tuple[type[Any], ...] = ()
