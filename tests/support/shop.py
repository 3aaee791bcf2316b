"""A small shop with what may be read and what may not, for tests of statements against it.

A value that must never come out holds CANARY. What a statement must never change is watched by `tripwires`.
"""

from rag.databases.guard.allowed import AllowedTable, AllowList, SqlDialect
from rag.databases.guard.known_functions import KNOWN_FUNCTIONS

CANARY = "CANARY"
FORBIDDEN_TABLES = ("wages", "tripwires", "wage_view")
FORBIDDEN_COLUMNS = ("email", "secret_note", "cost", "pay")

_TABLES = (
    AllowedTable("clients", ("id", "name", "town", "joined", "extras")),
    AllowedTable("articles", ("id", "label", "kind", "price")),
    AllowedTable("sales", ("id", "client_id", "sold_at", "state", "amount", "remark"), is_whole=True),
    AllowedTable("sale_lines", ("sale_id", "article_id", "pieces", "unit_price"), is_whole=True),
    AllowedTable("Régions", ("code", "Nom complet"), is_whole=True),
)


def shop_allow_list(dialect: SqlDialect) -> AllowList:
    """Return what may be read of the shop."""
    schema = {SqlDialect.POSTGRES: "public", SqlDialect.MYSQL: "shop", SqlDialect.TSQL: "dbo"}[dialect]
    return AllowList(dialect, "shop", schema, _TABLES, KNOWN_FUNCTIONS[dialect])
