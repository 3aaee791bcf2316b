"""The ODBC driver that speaks to SQL Server: which one serves, and what each must be told."""

import platform
import re
from collections.abc import Iterator
from ctypes import CDLL
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import URL, make_url

MICROSOFT = "ODBC Driver 18 for SQL Server"
FREETDS = "FreeTDS"
CARRIER = "mssql_python_odbc"
"""The Python package that carries the files of Microsoft's driver; `mssql-python` brings it."""
FAMILIES = {"debian": "debian_ubuntu", "rhel": "rhel", "fedora": "rhel", "suse": "suse", "alpine": "alpine"}
"""The carrier's folder for each family of Linux, by the name the system gives itself; Debian's for one unknown."""
PACKAGES = {
    "libodbc": "libodbc2",
    "libltdl": "libltdl7",
    "libkrb5": "libgssapi-krb5-2",
    "libgssapi_krb5": "libgssapi-krb5-2",
    "libstdc++": "libstdc++6",
}
"""Debian's package for each system library that pyodbc and Microsoft's driver load."""

logger = structlog.get_logger(__name__)


class NoDriver(OSError):
    """No ODBC driver for SQL Server is installed, or a library that it needs. The message says what to install."""


@dataclass(frozen=True, slots=True)
class Driver:
    """An ODBC driver: its registered name or its file, empty when a data source names it, and how it was found."""

    name: str
    found: str

    @property
    def is_microsoft(self) -> bool:
        """Whether it is Microsoft's."""
        return bool(re.search(r"ODBC Driver \d+ for SQL Server|msodbcsql", self.name))

    def url(self, url: URL) -> URL:
        """Return the URL with all that this driver must be told; what the URL says already stands."""
        if not self.name or "odbc_connect" in url.query:
            return url
        words = {"driver": self.name}
        if self.is_microsoft:
            # One statement at a time on a connection; long texts as NVARCHAR(MAX) and not as NTEXT.
            words |= {"MARS_Connection": "no", "LongAsMax": "yes"}
        else:
            # FreeTDS does not read "Server=host,port"; below 7.3 the protocol has no DATETIME2.
            words |= {"port": str(url.port or 1433), "TDS_Version": "7.4"}
        given = {name.lower() for name in url.query}
        return url.update_query_dict({name: value for name, value in words.items() if name.lower() not in given})

    def options(self) -> dict[str, Any]:
        """Return what SQLAlchemy's engine must know: FreeTDS takes no sizes of parameters and no arrays of them."""
        return {"fast_executemany": self.is_microsoft, "use_setinputsizes": self.is_microsoft}


def resolve_any() -> Driver:
    """Return the driver that serves a database whose URL names none, as `resolve` does. Raises `NoDriver`."""
    return resolve(make_url("mssql+aioodbc://"))


def resolve(url: URL) -> Driver:
    """Return the driver that serves a URL, and say in the log which one.

    In order: one the URL names; Microsoft's driver 18 if it is registered; its files as a Python package carries them;
    FreeTDS. Raises `NoDriver`.
    """
    driver = next(_candidates(url, _driver_manager()), None)
    if driver is None:
        raise NoDriver(
            "no ODBC driver for SQL Server is installed: run `.venv/bin/uv pip install mssql-python-odbc`, "
            f'or install Microsoft\'s "{MICROSOFT}" or FreeTDS'
        )
    logger.info("driver_chosen", driver=driver.name or "of the data source", found=driver.found)
    return driver


def _driver_manager() -> Any:
    try:
        import pyodbc  # type: ignore[import-not-found]  # noqa: PLC0415 - loads unixODBC, which SQLite must do without
    except ImportError as error:
        raise NoDriver(_what_to_install("pyodbc", error)) from error
    # SQLAlchemy keeps the connections; a second pool below it would keep dead ones.
    pyodbc.pooling = False
    return pyodbc


def _candidates(url: URL, driver_manager: Any) -> Iterator[Driver]:
    named = _named(url)
    if named is not None:
        yield Driver(named, "named in the URL")
    registered = driver_manager.drivers()
    if MICROSOFT in registered:
        yield Driver(MICROSOFT, "registered")
    for file in _carried():
        _check_libraries(file)
        yield Driver(str(file), f"carried by the package {CARRIER}")
    if FREETDS in registered:
        yield Driver(FREETDS, "registered")


def _check_libraries(file: Path) -> None:
    """Raise `NoDriver` when a driver's file needs a missing library; ODBC would say that the file itself is missing."""
    try:
        CDLL(str(file))
    except OSError as error:
        raise NoDriver(_what_to_install("Microsoft's ODBC driver", error)) from error


def _what_to_install(loaded: str, error: Exception) -> str:
    said = str(error).splitlines()[0]
    # The loader names a library that it does not find by its bare name, and one that it finds by its path.
    found = re.search(r"(?<![\w/])(lib[\w+-]+)\.so[.\d]*", said)
    if found is None:
        return f"{loaded} cannot be loaded, is unixODBC installed? {said}"
    package = PACKAGES.get(found[1])
    debian = f"on Debian, run `apt-get install {package}`" if package else "install the package that holds it"
    return f"{loaded} needs {found[0]}, which is not installed: {debian}"


def _named(url: URL) -> str | None:
    connect = url.query.get("odbc_connect")
    if connect is not None:
        found = re.search(r"\bdriver\s*=\s*(?:\{([^}]*)\}|([^;]*))", str(connect), re.IGNORECASE)
        return (found[1] or found[2]) if found else ""
    if "dsn" in url.query:
        return ""
    named = url.query.get("driver")
    return None if named is None else str(named)


def _carried() -> Iterator[Path]:
    package = find_spec(CARRIER)
    if package is None or package.origin is None or platform.system() != "Linux":
        return
    machine = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    folder = Path(package.origin).parent / "libs" / "linux" / _family() / machine / "lib"
    yield from sorted(folder.glob("libmsodbcsql*"), reverse=True)


def _family() -> str:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return FAMILIES["debian"]
    related = [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
    return next((FAMILIES[name] for name in related if name in FAMILIES), FAMILIES["debian"])
