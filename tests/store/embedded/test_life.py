"""The bundled server from its first holder to its last, with kills in between."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import psycopg
import pytest

from sconto.store.embedded import hold_server
from tests.store.embedded.holders import (
    Holder,
    find_keepers,
    find_postmaster,
    find_servers,
    kill,
    wait_until,
)


def test_ten_concurrent_processes_start_one_server(new_data_dir: Path) -> None:
    holders = [Holder(new_data_dir) for _ in range(10)]
    urls = {holder.read_url() for holder in holders}

    assert len(urls) == 1
    assert (new_data_dir / "postgres/postgres.log").read_text().count("starting PostgreSQL") == 1
    assert len(find_keepers(new_data_dir)) == 1
    for holder in holders[1:]:
        holder.leave()
    postmaster = find_postmaster(new_data_dir)
    url = urls.pop()
    assert ask(url, "SELECT 1") == 1
    sockets = Path(parse_qs(urlsplit(url).query)["host"][0])
    assert sockets.stat().st_mode & 0o777 == 0o700

    holders[0].leave()
    assert find_servers(new_data_dir) == []
    assert not Path(f"/proc/{postmaster}/cwd").exists()
    assert not sockets.exists()


def test_holders_of_one_process_share_the_server_and_the_next_finds_the_rows(
    data_dir: Path,
) -> None:
    with hold_server(data_dir) as url, hold_server(data_dir) as other:
        assert url == other
        run(url, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)")
    assert find_servers(data_dir) == []

    with hold_server(data_dir) as url:
        assert ask(url, "SELECT n FROM kept") == 7


async def test_both_drivers_reach_a_durable_server_without_a_network(data_dir: Path) -> None:
    with hold_server(data_dir) as url:
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT current_user || '@' || current_database()") == (
            "sconto@sconto"
        )
        await connection.close()
        settings = "fsync", "full_page_writes", "synchronous_commit", "listen_addresses"
        shown = [ask(url, f"SHOW {setting}") for setting in settings]
        assert shown == ["on", "on", "on", ""]
        assert ask(url, "SELECT inet_server_addr()") is None


def test_a_killed_postmaster_is_restarted_with_every_committed_row(data_dir: Path) -> None:
    with hold_server(data_dir) as url:
        run(url, "CREATE TABLE acknowledged (n int)")
        committed = 0
        killer = threading.Timer(0.3, lambda: kill(find_postmaster(data_dir)))
        killer.start()
        while accepts(url, f"INSERT INTO acknowledged VALUES ({committed})"):
            committed += 1
        killer.join()

        wait_until(lambda: answers(url))
        assert committed > 0
        assert ask(url, "SELECT count(*) FROM acknowledged") in {committed, committed + 1}


def test_no_second_server_starts_while_a_backend_of_the_killed_one_works(data_dir: Path) -> None:
    with hold_server(data_dir) as url:
        working = psycopg.connect(url, autocommit=True)
        backend = working.info.backend_pid
        worker = threading.Thread(target=work_until_the_end, args=(working,))
        worker.start()
        wait_until(
            lambda: (
                ask(url, f"SELECT state FROM pg_stat_activity WHERE pid = {backend}") == "active"
            )
        )
        kill(find_postmaster(data_dir))
        wait_until(lambda: find_servers(data_dir) == [backend])
        time.sleep(1)
        assert find_servers(data_dir) == [backend]

        kill(backend)
        worker.join()
        working.close()
        wait_until(lambda: answers(url))


def test_the_process_id_of_a_killed_postmaster_may_be_reused(
    data_dir: Path,
) -> None:
    with hold_server(data_dir) as url:
        run(url, "CREATE TABLE kept (n int)")
    left = data_dir / "postgres/cluster/postmaster.pid"
    left.write_text(f"{threading.get_native_id()}\n/elsewhere\n0\n5432\n\n\n\nready\n")

    with hold_server(data_dir) as url:
        assert ask(url, "SELECT count(*) FROM kept") == 0


def test_the_server_stops_when_its_last_holder_is_killed(data_dir: Path) -> None:
    holders = [Holder(data_dir) for _ in range(3)]
    url = {holder.read_url() for holder in holders}.pop()
    postmaster = find_postmaster(data_dir)
    holders[0].kill()
    holders[1].kill()
    time.sleep(0.5)
    assert ask(url, "SELECT 1") == 1
    assert find_postmaster(data_dir) == postmaster

    holders[2].kill()
    wait_until(lambda: not find_servers(data_dir) and not find_keepers(data_dir), seconds=5)


def test_a_child_of_a_holder_does_not_hold(data_dir: Path) -> None:
    child = "import subprocess as s; s.Popen(['sleep', '5'], stdout=s.DEVNULL, close_fds=False)"
    holder = Holder(data_dir, meanwhile=child)
    holder.read_url()
    holder.kill()
    wait_until(lambda: not find_servers(data_dir), seconds=4)


def test_a_killed_keeper_is_replaced_unnoticed(data_dir: Path) -> None:
    with hold_server(data_dir) as url, psycopg.connect(url, autocommit=True) as connection:
        postmaster = find_postmaster(data_dir)
        [keeper] = find_keepers(data_dir)
        kill(keeper)
        wait_until(lambda: find_keepers(data_dir) not in ([], [keeper]))
        with hold_server(data_dir) as same:
            assert same == url
        connection.execute("SELECT 1")
        assert find_postmaster(data_dir) == postmaster


def test_a_keeper_told_to_end_stops_the_server_and_both_restart_at_the_same_url(
    data_dir: Path,
) -> None:
    with hold_server(data_dir) as url:
        [keeper] = find_keepers(data_dir)
        os.kill(keeper, signal.SIGTERM)
        wait_until(lambda: find_keepers(data_dir) not in ([], [keeper]))
        wait_until(lambda: answers(url))
        with hold_server(data_dir) as same:
            assert same == url


def test_keeper_and_postmaster_killed_together_are_restarted(data_dir: Path) -> None:
    with hold_server(data_dir) as url:
        postmaster = find_postmaster(data_dir)
        kill(*find_keepers(data_dir), postmaster)
        wait_until(lambda: answers(url))
        assert find_postmaster(data_dir) != postmaster


def test_the_last_holder_stops_the_server_of_a_killed_keeper(
    data_dir: Path,
) -> None:
    with hold_server(data_dir):
        kill(*find_keepers(data_dir))
    assert find_servers(data_dir) == []


def test_a_server_without_keeper_and_holder_is_taken_over(data_dir: Path) -> None:
    holder = Holder(data_dir)
    url = holder.read_url()
    postmaster = find_postmaster(data_dir)
    kill(*find_keepers(data_dir), holder.child.pid)
    holder.kill()

    with hold_server(data_dir) as same:
        assert same == url
        assert find_postmaster(data_dir) == postmaster


def test_a_first_start_killed_half_way_is_repeated(new_data_dir: Path) -> None:
    holder = Holder(new_data_dir)
    wait_until(lambda: list((new_data_dir / "postgres").glob("cluster.*/base")))
    kill(*find_keepers(new_data_dir))
    holder.kill()
    assert not (new_data_dir / "postgres/cluster").exists()

    with hold_server(new_data_dir) as url:
        assert ask(url, "SELECT 1") == 1
        assert list((new_data_dir / "postgres").glob("cluster.*")) == []


def test_a_copied_data_folder_has_a_server_of_its_own(data_dir: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    holder = Holder(data_dir)
    url = holder.read_url()
    kill(*find_keepers(data_dir), holder.child.pid)
    holder.kill()
    kill(find_postmaster(data_dir))
    wait_until(lambda: not find_servers(data_dir))
    shutil.copytree(data_dir, copy)
    for path in (copy, *copy.rglob("*")):
        original = (data_dir / path.relative_to(copy)).stat()
        shutil.chown(path, original.st_uid, original.st_gid)

    with hold_server(data_dir) as first, hold_server(copy) as second:
        assert first == url != second
        assert ask(second, "SELECT 1") == 1


def ask(url: str, statement: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return row[0]


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def answers(url: str) -> bool:
    try:
        return ask(url, "SELECT 1") == 1
    except psycopg.OperationalError:
        return False


def accepts(url: str, statement: str) -> bool:
    try:
        run(url, statement)
    except psycopg.OperationalError:
        return False
    return True


def work_until_the_end(connection: psycopg.Connection) -> None:
    """Keep a backend too busy to notice that the postmaster is gone."""
    with pytest.raises(psycopg.OperationalError):
        connection.execute("DO $$ DECLARE n bigint := 0; BEGIN LOOP n := n + 1; END LOOP; END $$")
