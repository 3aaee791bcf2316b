"""What an analyst asks of a shop passes the guard, in each dialect."""

import pytest

from rag.databases.guard.allowed import SqlDialect
from rag.databases.guard.check import check
from tests.support.shop import shop_allow_list
from tests.support.shop_statements import EVERYWHERE, MYSQL, POSTGRES, TSQL

STATEMENTS = [
    *((dialect, sql) for dialect in SqlDialect for sql in EVERYWHERE),
    *((SqlDialect.POSTGRES, sql) for sql in POSTGRES),
    *((SqlDialect.MYSQL, sql) for sql in MYSQL),
    *((SqlDialect.TSQL, sql) for sql in TSQL),
]


@pytest.mark.parametrize(("dialect", "sql"), STATEMENTS)
def test_what_an_analyst_asks_passes_and_is_rewritten_once_and_for_all(dialect: SqlDialect, sql: str) -> None:
    # given what may be read of the shop
    allowed = shop_allow_list(dialect)
    # when the statement is checked
    text = check(sql, allowed)
    # then it passes, and its text passes again and stays as it is
    assert check(text, allowed) == text
    # and it has no more rows than a question may bring
    assert any(limit in text for limit in ("LIMIT ", "TOP ", "FETCH NEXT "))
