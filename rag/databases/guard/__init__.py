"""The check of a statement that a language model wrote, before a customer's database sees anything of it."""

from rag.databases.guard.allowed import AllowedTable, AllowList, InvalidAllowList, SqlDialect, read_allow_list
from rag.databases.guard.sql_guard import SqlGuard, Verdict

__all__ = ["AllowList", "AllowedTable", "InvalidAllowList", "SqlDialect", "SqlGuard", "Verdict", "read_allow_list"]
