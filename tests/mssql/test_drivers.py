"""Which ODBC driver serves, and what it is told. Each test brings its own `pyodbc`."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import URL, make_url
from sqlalchemy.dialects.mssql.aioodbc import MSDialectAsync_aioodbc

from data.drivers import FAMILIES, FREETDS, MICROSOFT, Driver, NoDriver, resolve

PLAIN = make_url("mssql+aioodbc://sa:secret@db.example:1444/monitora")


def file_of(module: str) -> Path:
    """Return a module's file, without loading it."""
    found = find_spec(module)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin)


ROOT = Path(__file__).parents[2]
LOADABLE = file_of("Stemmer")
"""A library that loads on every system: the driver's file is loaded to see whether it can be."""
NEEDS_UNIXODBC = file_of("pyodbc")


def said(driver: Driver, url: URL = PLAIN) -> str:
    """Return what ODBC is told."""
    _, words = MSDialectAsync_aioodbc().create_connect_args(driver.url(url))  # type: ignore[no-untyped-call]
    return str(words["dsn"])


@pytest.fixture(autouse=True)
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages that are found first, and a driver manager where no driver is registered."""
    monkeypatch.syspath_prepend(tmp_path)
    register(monkeypatch)
    # Whatever is installed beside the tests, the package that is found first carries nothing.
    (tmp_path / "mssql_python_odbc").mkdir()
    return tmp_path


def register(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Register these drivers, and no others."""
    monkeypatch.setitem(sys.modules, "pyodbc", SimpleNamespace(drivers=lambda: list(names)))


def carry_microsofts_driver(system: Path, content: bytes) -> None:
    """Install the package that carries Microsoft's driver, with this content of the driver's file."""
    package = system / "mssql_python_odbc"
    for family in FAMILIES.values():
        for machine in ("x86_64", "arm64"):
            libraries = package / "libs" / "linux" / family / machine / "lib"
            libraries.mkdir(parents=True, exist_ok=True)
            (libraries / "libmsodbcsql-18.6.so.2.1").write_bytes(content)
    (package / "__init__.py").touch()


def break_pyodbc(system: Path, monkeypatch: pytest.MonkeyPatch, error: str) -> None:
    """Make `import pyodbc` fail as it does where a library is missing that it loads."""
    (system / "pyodbc.py").write_text(f"raise ImportError({error!r})")
    monkeypatch.delitem(sys.modules, "pyodbc")


@pytest.mark.skipif(sys.platform != "linux", reason="the package carries files of Microsoft's driver for Linux")
@pytest.mark.parametrize(
    ("registered", "carried", "name", "found"),
    [
        ((FREETDS, MICROSOFT), True, MICROSOFT, "registered"),
        ((FREETDS,), True, "libmsodbcsql-18.6.so.2.1", "carried by the package mssql_python_odbc"),
        ((FREETDS,), False, FREETDS, "registered"),
    ],
    ids=["Microsoft's registered", "Microsoft's carried", "FreeTDS"],
)
def test_drivers_serve_in_their_order(
    system: Path, monkeypatch: pytest.MonkeyPatch, registered: tuple[str, ...], carried: bool, name: str, found: str
) -> None:
    register(monkeypatch, *registered)
    if carried:
        carry_microsofts_driver(system, content=LOADABLE.read_bytes())

    driver = resolve(PLAIN)

    assert (Path(driver.name).name, driver.found) == (name, found)


def test_without_a_driver_a_sentence_says_what_to_install() -> None:
    with pytest.raises(NoDriver) as refused:
        resolve(PLAIN)

    assert str(refused.value) == (
        "no ODBC driver for SQL Server is installed: run `.venv/bin/uv pip install mssql-python-odbc`, "
        'or install Microsoft\'s "ODBC Driver 18 for SQL Server" or FreeTDS'
    )


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            "libodbc.so.2: cannot open shared object file: No such file or directory",
            "pyodbc needs libodbc.so.2, which is not installed: on Debian, run `apt-get install libodbc2`",
        ),
        (
            "Error loading shared library libodbc.so.2: No such file or directory (needed by /site/pyodbc.so)",
            "pyodbc needs libodbc.so.2, which is not installed: on Debian, run `apt-get install libodbc2`",
        ),
        (
            "libnone.so.1: cannot open shared object file: No such file or directory",
            "pyodbc needs libnone.so.1, which is not installed: install the package that holds it",
        ),
        (
            "dlopen(/pyodbc.so): Library not loaded: /libodbc.2.dylib\n  Referenced from: /site",
            "pyodbc cannot be loaded, is unixODBC installed? dlopen(/pyodbc.so): Library not loaded: /libodbc.2.dylib",
        ),
    ],
    ids=["of glibc", "of musl", "of a library unknown", "of macOS"],
)
def test_each_loaders_words_for_a_missing_library_are_understood(
    system: Path, monkeypatch: pytest.MonkeyPatch, error: str, sentence: str
) -> None:
    break_pyodbc(system, monkeypatch, error)

    with pytest.raises(NoDriver) as refused:
        resolve(PLAIN)

    assert str(refused.value) == sentence


@pytest.mark.skipif(sys.platform != "linux", reason="the package carries files of Microsoft's driver for Linux")
def test_a_library_that_the_carried_driver_misses_is_named_with_its_package(system: Path) -> None:
    # A real library that needs another one: libodbc.so.2, by a name that no system has.
    content = NEEDS_UNIXODBC.read_bytes()
    assert b"libodbc.so.2" in content
    carry_microsofts_driver(system, content=content.replace(b"libodbc.so.2", b"libltdl.so.9"))

    with pytest.raises(NoDriver) as refused:
        resolve(PLAIN)

    assert str(refused.value) == (
        "Microsoft's ODBC driver needs libltdl.so.9, which is not installed: on Debian, run `apt-get install libltdl7`"
    )


@pytest.mark.slow
@pytest.mark.parametrize("command", ["migrate", "serve", "demo"])
def test_without_unixodbc_every_command_says_in_one_line_which_package_is_missing(
    system: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    break_pyodbc(system, monkeypatch, "libodbc.so.2: cannot open shared object file: No such file or directory")
    environment = os.environ | {
        "PYTHONPATH": f"{system}{os.pathsep}{ROOT}",
        "MONITORA_DATABASE_URL": str(PLAIN),
        "MONITORA_DATA_DIR": str(system),
    }

    told = subprocess.run(
        [sys.executable, "-c", "from monitora.command_line import main; main()", command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert told.stderr == (
        "Error: The database cannot be used: pyodbc needs libodbc.so.2, which is not installed: "
        "on Debian, run `apt-get install libodbc2`.\n"
    )
    assert told.returncode == 1


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
