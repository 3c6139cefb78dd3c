"""A private PostgreSQL server for the tests of the ledger, on a free port of the loopback."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import NullPool, create_engine, make_url, text

SETTINGS = "-c listen_addresses=127.0.0.1 -c max_connections=200 -c fsync=off -c unix_socket_directories=''"

RUN = """
"$1/initdb" -D "$2" -U ledger -A trust -E UTF8 --no-sync >/dev/null &&
"$1/pg_ctl" -D "$2" -l "$2/log" -o "$3" -w start >/dev/null && echo ready
read -r _  # until whoever began this has ended
"$1/pg_ctl" -D "$2" -m immediate stop >/dev/null
rm -rf "$2"
"""
"""As the words say: the folder of the programs, that of the data, the server's options."""


def programs() -> Path | None:
    """The folder of `initdb` and `postgres`; None when PostgreSQL is not installed."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    newest = sorted(folders, key=lambda folder: int(folder.parent.name), reverse=True)
    return next((folder for folder in newest if (folder / "initdb").exists()), None)


@contextmanager
def server(bin_folder: Path) -> Iterator[str]:
    """Run a server on an empty database; its URL for SQLAlchemy.  It ends with us, however we end."""
    with tempfile.TemporaryDirectory(prefix="ledger-postgresql-") as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        user = _user()
        if user:  # not in a folder of pytest's: those are for their owner alone
            shutil.chown(folder, user)
        words = ["sh", "-c", RUN, "sh", bin_folder, Path(folder) / "data", f"-p {port} {SETTINGS}"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        shell = subprocess.Popen(list(map(str, words)), user=user, cwd="/", **pipes)
        try:
            assert shell.stdout.readline() == "ready\n", "PostgreSQL did not start"
            yield f"postgresql+psycopg://ledger@127.0.0.1:{port}/postgres"
        finally:
            shell.communicate()


def new_database(server_url: str, template: str = "template1") -> str:
    """A database of its own on a server; its URL."""
    name = f"ledger_{uuid.uuid4().hex}"
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(f"create database {name} template {template}"))
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


def _user() -> str | None:
    """Whom to run it as: the server refuses root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"
