"""Which ODBC driver serves, and what it is told. No server is needed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import URL, make_url
from sqlalchemy.dialects.mssql.aioodbc import MSDialectAsync_aioodbc

from data.drivers import FAMILIES, FREETDS, MICROSOFT, Driver, resolve

PLAIN = make_url("mssql+aioodbc://sa:secret@db.example:1444/monitora")
RESOLVED = """
from sqlalchemy import make_url
from data.drivers import resolve
print(resolve(make_url("mssql+aioodbc://sa:secret@db.example/monitora")))
"""


def said(driver: Driver, url: URL = PLAIN) -> str:
    """Return what ODBC is told."""
    _, words = MSDialectAsync_aioodbc().create_connect_args(driver.url(url))  # type: ignore[no-untyped-call]
    return str(words["dsn"])


def resolved(tmp_path: Path, *, registered: tuple[str, ...], carried: bool) -> subprocess.CompletedProcess[str]:
    """Resolve on a system of the test's own: its registered drivers, and whether a package carries Microsoft's."""
    (tmp_path / "odbcinst.ini").write_text("".join(f"[{name}]\nDriver=/none\n" for name in registered))
    package = tmp_path / "mssql_python_odbc"
    package.mkdir()
    if carried:
        (package / "__init__.py").touch()
        for family in FAMILIES.values():
            for machine in ("x86_64", "arm64"):
                folder = package / "libs" / "linux" / family / machine / "lib"
                folder.mkdir(parents=True, exist_ok=True)
                (folder / "libmsodbcsql-18.6.so.2.1").touch()
    root = Path(__file__).parents[2]
    environment = os.environ | {"ODBCSYSINI": str(tmp_path), "PYTHONPATH": f"{tmp_path}{os.pathsep}{root}"}
    return subprocess.run(
        [sys.executable, "-c", RESOLVED], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(sys.platform != "linux", reason="the package carries files of Microsoft's driver for Linux")
@pytest.mark.parametrize(
    ("registered", "carried", "served"),
    [
        ((FREETDS, MICROSOFT), True, f"Driver(name='{MICROSOFT}', found='registered')"),
        ((FREETDS,), True, "libmsodbcsql-18.6.so.2.1', found='carried by the package mssql_python_odbc')"),
        ((FREETDS,), False, f"Driver(name='{FREETDS}', found='registered')"),
    ],
    ids=["Microsoft's registered", "Microsoft's carried", "FreeTDS"],
)
def test_drivers_serve_in_their_order(tmp_path: Path, registered: tuple[str, ...], carried: bool, served: str) -> None:
    found = resolved(tmp_path, registered=registered, carried=carried)

    assert found.stdout.splitlines()[-1].endswith(served), found.stderr


def test_without_a_driver_a_sentence_says_what_to_install(tmp_path: Path) -> None:
    found = resolved(tmp_path, registered=(), carried=False)

    assert found.stderr.splitlines()[-1] == (
        "data.drivers.NoDriver: no ODBC driver for SQL Server is installed: run `pip install monitora[mssql]`, "
        'or install Microsoft\'s "ODBC Driver 18 for SQL Server" or FreeTDS'
    )


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("mssql+aioodbc://sa:x@db/monitora?driver=FreeTDS", "FreeTDS"),
        ("mssql+aioodbc://sa:x@db/monitora?driver=ODBC+Driver+17+for+SQL+Server", "ODBC Driver 17 for SQL Server"),
        ("mssql+aioodbc:///?odbc_connect=Server%3Ddb%3BDRIVER%3D%7BFreeTDS%7D%3BUID%3Dsa", "FreeTDS"),
        ("mssql+aioodbc:///?odbc_connect=driver%3DFreeTDS", "FreeTDS"),
        ("mssql+aioodbc:///?odbc_connect=DSN%3Dmonitora", ""),
        ("mssql+aioodbc://sa:x@?dsn=monitora", ""),
    ],
)
def test_a_driver_named_in_the_url_serves_before_all(url: str, name: str) -> None:
    assert resolve(make_url(url)) == Driver(name, "named in the URL")


def test_microsofts_driver_sends_long_texts_as_nvarchar_and_one_statement_at_a_time() -> None:
    driver = Driver("/lib/libmsodbcsql-18.6.so.2.1", "carried")

    assert {"Server=db.example,1444", "MARS_Connection=no", "LongAsMax=yes"} <= set(said(driver).split(";"))
    assert driver.options() == {"fast_executemany": True, "use_setinputsizes": True}


def test_freetds_is_told_its_port_apart_and_a_protocol_that_has_datetime2() -> None:
    driver = Driver(FREETDS, "registered")

    assert {"Server=db.example", "port=1444", "TDS_Version=7.4"} <= set(said(driver).split(";"))
    assert driver.options() == {"fast_executemany": False, "use_setinputsizes": False}


@pytest.mark.parametrize("name", [FREETDS, MICROSOFT])
def test_what_the_url_says_stands(name: str) -> None:
    url = PLAIN.update_query_string("Encrypt=yes&TrustServerCertificate=yes&TDS_Version=7.3&longasmax=no")
    words = said(Driver(name, "registered"), url).split(";")

    assert {"Encrypt=yes", "TrustServerCertificate=yes", "TDS_Version=7.3", "longasmax=no"} <= set(words)
    assert not {"TDS_Version=7.4", "LongAsMax=yes"} & set(words)


@pytest.mark.parametrize("query", ["odbc_connect=DRIVER%3DFreeTDS", "dsn=monitora"])
def test_a_connection_string_and_a_data_source_are_left_as_they_are(query: str) -> None:
    url = make_url(f"mssql+aioodbc:///?{query}")

    assert resolve(url).url(url) == url
