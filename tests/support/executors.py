"""The two executors of queries: their plans, and graphql-core, which is the reference."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from schema.plans.planned import Plans


@contextmanager
def graphql_core_alone() -> Iterator[None]:
    """Have graphql-core execute every query in the block."""

    async def nothing(*_arguments: Any) -> None:
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Plans, "answer", nothing)
        yield
