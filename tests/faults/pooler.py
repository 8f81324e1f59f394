"""A PgBouncer for one test, configured as in the manual."""

import configparser
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

import psycopg

from tests.faults.cluster import Cluster, choose_owner
from tests.ports import free_port
from tests.services import wait_until

MANUAL: Final = Path(__file__).parents[2] / "docs" / "scale.md"

_USUAL_PLACE: Final = "/usr/sbin/pgbouncer"


def settings_of_the_manual() -> str:
    """The lines that the manual adds to PgBouncer's configuration."""
    (block,) = _blocks("ini")
    return block


def statements_of_the_manual() -> list[str]:
    """The settings that the manual gives to Sconto's role."""
    (block,) = _blocks("sql")
    return block.splitlines()


@contextmanager
def running_pooler(cluster: Cluster, folder: Path, user: str, sessions: int) -> Iterator[str]:
    """The address of the cluster's database behind a pooler with this number of sessions."""
    folder.mkdir()
    port = free_port()
    owner = choose_owner()
    (folder / "users").write_text(f'"{user}" ""\n')
    file = _written(
        folder / "pgbouncer.ini",
        {
            "listen_addr": "127.0.0.1",
            "listen_port": str(port),
            "unix_socket_dir": "",
            "auth_type": "trust",
            "auth_file": str(folder / "users"),
            "default_pool_size": str(sessions),
        },
        cluster,
    )
    with (folder / "log").open("wb") as log:
        pooler = subprocess.Popen(
            [_find_program(), str(file)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            user=owner.uid,
            group=owner.gid,
            extra_groups=owner.groups,
            cwd="/",
        )
    url = f"postgresql://{user}@127.0.0.1:{port}/sconto"
    try:
        wait_until(lambda: _answers(pooler, url, folder / "log"))
        yield url
    finally:
        pooler.terminate()
        pooler.wait()


@cache
def knows_statements() -> bool:
    """Whether this PgBouncer tracks prepared statements, as it does since 1.21."""
    said = subprocess.run(
        [_find_program(), "--version"], capture_output=True, text=True, check=True
    )
    version = re.search(r"PgBouncer (\d+)\.(\d+)", said.stdout)
    assert version is not None, said.stdout
    return (int(version[1]), int(version[2])) >= (1, 21)


def _blocks(language: str) -> list[str]:
    chapter = MANUAL.read_text().split("\n### PgBouncer\n")[1].split("\n### ")[0]
    found = re.findall(rf"^ *```{language}\n(.*?)^ *```$", chapter, re.MULTILINE | re.DOTALL)
    return [re.sub(r"^ +", "", block, flags=re.MULTILINE).strip() for block in found]


def _written(path: Path, settings: dict[str, str], cluster: Cluster) -> Path:
    file = configparser.ConfigParser()
    file.read_string(settings_of_the_manual())
    assert set(file.sections()) == {"databases", "pgbouncer"}
    file["databases"] = {"sconto": f"host=127.0.0.1 port={cluster.port}"}
    file["pgbouncer"].update(settings)
    with path.open("w") as opened:
        file.write(opened)
    return path


def _find_program() -> str:
    program = shutil.which("pgbouncer") or _USUAL_PLACE
    assert Path(program).exists(), "these tests need pgbouncer, which `make test` installs"
    return program


def _answers(pooler: "subprocess.Popen[bytes]", url: str, log: Path) -> bool:
    assert pooler.poll() is None, log.read_text()
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
