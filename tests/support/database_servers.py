"""PostgreSQL and MariaDB servers of the tests' own, filled with the shop."""

import datetime
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from rag.databases.guard.allowed import SqlDialect
from tests.support.shop_tables import SHOP_MYSQL, SHOP_POSTGRES
from tests.support.waiting import wait_until

PASSWORD = "for these tests only"


@dataclass(frozen=True)
class DatabaseServer:
    """A server that listens on 127.0.0.1."""

    dialect: SqlDialect
    port: int
    run: "Runner"
    """Runs a script as the owner and returns what it prints, without headings."""
    certificate: Path
    """Of the name `localhost`, signed by itself."""


class Runner:
    """Runs scripts by the engine's own client."""

    def __init__(self, command: list[str]) -> None:
        self._command = command

    def __call__(self, script: str) -> str:
        """Run a script. Raises `CalledProcessError`."""
        done = subprocess.run(self._command, input=script, text=True, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr[-2_000:]
        return done.stdout


def _unprivileged() -> dict[str, int]:
    """Return who runs a server where root runs the tests: neither server starts as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid}


def _own(folder: Path, who: dict[str, int]) -> None:
    folder.chmod(0o755)
    if who:
        os.chown(folder, who["user"], who["group"])


def _certificate(folder: Path, who: dict[str, int]) -> tuple[Path, Path]:
    """Write a certificate for `localhost` and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    files[1].chmod(0o600)
    for file in files:
        if who:
            os.chown(file, who["user"], who["group"])
    return files


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _postgres_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    program = shutil.which("initdb")
    return Path(program).parent if program else None


@contextmanager
def running_postgres(folder: Path) -> Iterator[DatabaseServer]:
    """Start PostgreSQL in a folder that all may enter, and fill it."""
    programs = _postgres_programs()
    if programs is None:
        pytest.skip("postgresql is not installed")
    who = _unprivileged()
    _own(folder, who)
    data, port = folder / "data", _free_port()
    certificate, key = _certificate(folder, who)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": str(folder), **who}
    init = [
        str(programs / "initdb"),
        "-D",
        str(data),
        "-U",
        "owner",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "-N",
    ]
    subprocess.run(init, check=True, timeout=120, **quiet)  # type: ignore[call-overload]
    _require_passwords(data)
    options = ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}"]
    options += ["-c", "ssl=on", "-c", f"ssl_cert_file={certificate}", "-c", f"ssl_key_file={key}"]
    command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), *options, "-c", "max_connections=20"]
    with subprocess.Popen(command, **quiet) as process:  # type: ignore[call-overload]
        try:
            wait_until(lambda: _listens(port), "PostgreSQL listens")
            client = [str(programs / "psql"), "-h", str(folder), "-p", str(port), "-U", "owner", "-At", "-q"]
            wait_until(
                lambda: (
                    not subprocess.run(
                        [*client, "-c", "SELECT 1", "postgres"], capture_output=True, check=False
                    ).returncode
                ),
                "PostgreSQL answers",
            )
            Runner([*client, "-v", "ON_ERROR_STOP=1", "postgres"])("CREATE DATABASE shop")
            run = Runner([*client, "-v", "ON_ERROR_STOP=1", "shop"])
            run(SHOP_POSTGRES)
            yield DatabaseServer(SqlDialect.POSTGRES, port, run, certificate)
        finally:
            process.send_signal(3)  # SIGQUIT: at once


def _require_passwords(data: Path) -> None:
    (data / "pg_hba.conf").write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")


@contextmanager
def running_mariadb(folder: Path) -> Iterator[DatabaseServer]:
    """Start MariaDB in a folder that all may enter, and fill it."""
    program = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("mariadb-server is not installed")
    who = _unprivileged()
    _own(folder, who)
    data, port, place = folder / "data", _free_port(), folder / "s"
    certificate, key = _certificate(folder, who)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": str(folder), **who}
    init = [
        "mariadb-install-db",
        "--no-defaults",
        f"--datadir={data}",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
    ]
    subprocess.run(init, check=True, timeout=120, **quiet)  # type: ignore[call-overload]
    options = [
        f"--datadir={data}",
        f"--port={port}",
        f"--socket={place}",
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
    ]
    options += [f"--ssl-cert={certificate}", f"--ssl-key={key}"]
    small = ["--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0", "--max-allowed-packet=64M"]
    with subprocess.Popen([program, "--no-defaults", *options, *small, f"--tmpdir={folder}"], **quiet) as process:  # type: ignore[call-overload]
        try:
            wait_until(lambda: _listens(port), "MariaDB listens")
            client = [
                "mariadb",
                "--no-defaults",
                f"--socket={place}",
                "-u",
                "root",
                "-N",
                "--default-character-set=utf8mb4",
            ]
            Runner(client)("CREATE DATABASE shop CHARACTER SET utf8mb4")
            run = Runner([*client, "shop"])
            run(SHOP_MYSQL)
            yield DatabaseServer(SqlDialect.MYSQL, port, run, certificate)
        finally:
            process.kill()
