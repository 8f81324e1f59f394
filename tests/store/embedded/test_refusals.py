"""The bundled server refuses in one line, and works in closed folders."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

import sconto
from sconto.store.embedded import EmbeddedError, hold_server
from sconto.store.embedded.programs import find_programs
from tests.store.embedded.holders import Holder, find_servers, kill, wait_until


def test_a_missing_wheel_is_reported_with_what_to_install(new_data_dir: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from sconto.store.embedded import EmbeddedUnavailable, hold_server\n"
        "try:\n"
        "    hold_server(Path(sys.argv[1])).__enter__()\n"
        "except EmbeddedUnavailable as error:\n"
        "    print(error)\n"
    )
    bare = subprocess.run(
        [sys.executable, "-S", "-c", program, str(new_data_dir)],
        env={"PYTHONPATH": str(Path(sconto.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "extra 'embedded'" in bare.stdout
    assert "SCONTO_DATABASE_URL" in bare.stdout
    assert bare.stdout.count("\n") == 1
    assert not new_data_dir.exists()


def test_another_major_version_is_refused_and_not_touched(data_dir: Path) -> None:
    with hold_server(data_dir):
        pass
    cluster = data_dir / "postgres/cluster"
    (cluster / "PG_VERSION").write_text("12\n")
    before = {path: path.stat().st_mtime_ns for path in cluster.rglob("*")}

    refuse(data_dir, r"made by PostgreSQL 12, .* is \d+: nothing was changed")
    assert {path: path.stat().st_mtime_ns for path in cluster.rglob("*")} == before


def test_a_server_that_cannot_start_reports_its_reason_and_its_log(
    data_dir: Path,
) -> None:
    with hold_server(data_dir):
        pass
    settings = data_dir / "postgres/cluster/postgresql.auto.conf"
    settings.write_text("max_connections = 'many'\n")
    refuse(data_dir, r"does not start: .*contains errors \(see .*postgres\.log\)")

    settings.write_text("")
    with hold_server(data_dir) as url, psycopg.connect(url):
        pass


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refuse(tmp_path / "file" / "data", r"cannot use .*file/data: Not a directory")


def test_recovery_works_below_a_closed_folder_that_stays_closed(
    tmp_path: Path, data_dir: Path
) -> None:
    with hold_server(data_dir) as url:
        assert tmp_path.stat().st_mode & 0o777 == 0o700
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (n int)")
            kill(connection.info.backend_pid)
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
        wait_until(lambda: counts_rows(url))
        assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_programs_in_a_closed_folder_run(tmp_path: Path, new_data_dir: Path) -> None:
    installed = find_programs().parents[1]
    for name in (installed.name, f"{installed.name}.libs"):
        if (installed.parent / name).exists():
            shutil.copytree(
                installed.parent / name,
                tmp_path / "packages" / name,
                ignore=shutil.ignore_patterns("include", "pginstall18", "*.a"),
            )
    os.chmod(tmp_path, 0o700)
    holder = Holder(new_data_dir, path=str(tmp_path / "packages"))
    assert counts(holder.read_url(), "SELECT 1")
    servers = find_servers(new_data_dir)
    assert os.readlink(f"/proc/{servers[0]}/exe") != str(find_programs() / "postgres")
    holder.leave()


def test_the_log_is_cut_before_it_fills_the_disk(data_dir: Path) -> None:
    with hold_server(data_dir):
        log = data_dir / "postgres/postgres.log"
        with log.open("a") as end:
            end.write("line\n" * 2_000_000)
        wait_until(lambda: log.stat().st_size < 1_000_000)


def refuse(data_dir: Path, reason: str) -> None:
    with pytest.raises(EmbeddedError, match=reason) as refused, hold_server(data_dir):
        pass
    assert "\n" not in str(refused.value)


def counts_rows(url: str) -> bool:
    try:
        return counts(url, "SELECT count(*) + 1 FROM kept")
    except psycopg.OperationalError:
        return False


def counts(url: str, statement: str) -> bool:
    with psycopg.connect(url) as connection:
        return connection.execute(statement.encode()).fetchone() == (1,)
