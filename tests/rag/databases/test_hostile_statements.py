"""What must never be run is refused, in each dialect, with one sentence that says why."""

import pytest

from rag.databases.guard.allowed import SqlDialect
from rag.databases.guard.check import check
from rag.databases.guard.refusal import Refused
from tests.support.hostile_statements import hostile_statements
from tests.support.shop import shop_allow_list

STATEMENTS = [(dialect, sql) for dialect in SqlDialect for sql in hostile_statements(dialect)]


@pytest.mark.parametrize(("dialect", "sql"), STATEMENTS)
def test_a_hostile_statement_is_refused_with_a_reason(dialect: SqlDialect, sql: str) -> None:
    # given what may be read of the shop
    allowed = shop_allow_list(dialect)
    # when the statement is checked
    with pytest.raises((Refused, RecursionError)) as refused:
        check(sql, allowed)
    # then one sentence says why
    if isinstance(refused.value, Refused):
        assert str(refused.value).endswith(".")
