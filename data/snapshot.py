"""The tables' DDL, as the models say it, for a person who reads SQL: `sql/<dialect>/tables.sql`."""

from pathlib import Path

from sqlalchemy.dialects import mssql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from data.models import Model

DIALECTS: dict[str, type[Dialect]] = {"sqlite": sqlite.dialect, "mssql": mssql.dialect}
HEADER = "-- Written by `make schema` from data/models: read it, do not run it. `monitora migrate` makes the tables.\n"


def tables(name: str) -> str:
    """Return the statements that would make every table and index of a dialect ("sqlite" or "mssql")."""
    dialect = DIALECTS[name]()
    statements = []
    for table in Model.metadata.sorted_tables:
        statements.append(str(CreateTable(table).compile(dialect=dialect)).strip())
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        statements += [str(CreateIndex(index).compile(dialect=dialect)).strip() for index in indexes]
    text = HEADER + "".join(f"\n{statement};\n" for statement in statements)
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def write(folder: Path) -> None:
    """Write the snapshot of each dialect under `folder`."""
    for name in DIALECTS:
        (folder / name / "tables.sql").write_text(tables(name), encoding="utf-8")


if __name__ == "__main__":
    write(Path("sql"))
