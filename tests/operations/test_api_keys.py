"""API keys: created, known to other processes, revoked, expired, counted and recorded."""

import asyncio
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from sconto.domain.api_keys import ALPHABET, MAX_KEYS, ApiKey, NewKey, write_key
from sconto.domain.history import Subject, Verb
from sconto.domain.people import Caller, Role, key_caller
from sconto.domain.people_problems import KeyEndsInThePast, KeyNotFound, TooManyKeys
from sconto.domain.problems import NameTaken, NotAName, TokenExpired, TokenInvalid
from sconto.operations import known_keys
from sconto.operations.api_keys import (
    create_key,
    get_key,
    list_keys,
    revoke_key,
)
from sconto.operations.history import get_promotion_history, list_entries_of_all
from sconto.operations.known_keys import (
    LOOK_PAUSE,
    READ_ALL_AFTER,
    REFRESH_PAUSE,
    REFRESH_TIMEOUT,
    KnownKeys,
)
from sconto.operations.promotions import create_promotion
from sconto.store import api_keys as store
from sconto.store.api_keys import KeysVersion
from sconto.store.database import Connection, Database, DatabaseUnavailable
from tests.builders import NOON, a_promotion
from tests.conftest import create_caller

NOW = datetime(2026, 11, 28, 8, tzinfo=UTC)


async def a_key(
    database: Database, merchant: Caller, known: KnownKeys | None = None, **fields: object
) -> tuple[ApiKey, str]:
    """A new key, by default for the checkout and without an end."""
    chosen: dict[str, object] = {"name": f"till {secrets.token_hex(4)}", "role": Role.CHECKOUT}
    return await create_key(database, merchant, NewKey(**chosen | fields), NOW, known)  # type: ignore[arg-type]


def an_invented_key() -> str:
    return write_key("".join(secrets.choice(ALPHABET) for _ in range(30)))


def is_accepted(known: KnownKeys, key: str) -> bool:
    try:
        known.caller(key, NOW)
    except TokenInvalid:
        return False
    return True


class CountedReads:
    """Counts the refreshes of all processes, and can set the database's clock back."""

    def __init__(self) -> None:
        self.number = 0
        self.clock_moved = timedelta()

    async def read_mark(self, connection: Connection) -> KeysVersion:
        self.number += 1
        mark = await store.read_mark(connection)
        return KeysVersion(mark.at + self.clock_moved, mark.epoch)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> CountedReads:
    counted = CountedReads()
    monkeypatch.setattr(known_keys, "read_mark", counted.read_mark)
    return counted


async def test_a_new_key_works_here_immediately_and_elsewhere_at_its_first_request(
    database: Database, merchant: Caller
) -> None:
    here, elsewhere = KnownKeys(), KnownKeys()
    await here.refresh(database)
    await elsewhere.refresh(database)
    key, text = await a_key(database, merchant, here)
    holder = key_caller(merchant.merchant_id, key.id, Role.CHECKOUT)
    assert here.caller(text, NOW) == holder
    assert elsewhere.may_be_new(text)
    await elsewhere.look_for_new(database)
    assert elsewhere.caller(text, NOW) == holder
    assert not elsewhere.may_be_new(text)


async def test_a_revoked_key_is_refused_here_immediately_and_elsewhere_after_a_refresh(
    database: Database, merchant: Caller
) -> None:
    assert REFRESH_PAUSE + REFRESH_TIMEOUT < 10
    here, elsewhere = KnownKeys(), KnownKeys()
    await here.refresh(database)
    key, text = await a_key(database, merchant, here)
    await elsewhere.refresh(database)
    assert is_accepted(elsewhere, text)
    await revoke_key(database, merchant, key.id, NOW, here)
    assert not is_accepted(here, text)
    for known in (here, elsewhere):
        await known.refresh(database)
        assert not is_accepted(known, text)
        await known.look_for_new(database)
        assert not is_accepted(known, text)
    with pytest.raises(KeyNotFound):
        await revoke_key(database, merchant, key.id, NOW)


async def test_a_revocation_during_a_refresh_is_not_undone_by_it(
    database: Database, merchant: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = KnownKeys()
    await known.refresh(database)
    key, text = await a_key(database, merchant, known)
    read = store.list_changed

    async def read_and_revoke_meanwhile(
        connection: Connection, since: datetime
    ) -> list[store.KeyState]:
        monkeypatch.undo()
        states = await read(connection, since)
        await revoke_key(database, merchant, key.id, NOW, known)
        return states

    monkeypatch.setattr(store, "list_changed", read_and_revoke_meanwhile)
    await known.refresh(database)
    assert not is_accepted(known, text)


async def test_unknown_keys_share_a_refresh_and_read_four_times_a_second_at_most(
    database: Database, reads: CountedReads
) -> None:
    known = KnownKeys()
    await known.refresh(database)
    before = reads.number
    invented = [an_invented_key() for _ in range(300)]
    assert all(map(known.may_be_new, invented))
    began = asyncio.get_running_loop().time()
    for first in range(0, 300, 100):
        await asyncio.gather(*(known.look_for_new(database) for _ in invented[first : first + 100]))
    seconds = asyncio.get_running_loop().time() - began
    assert reads.number - before == 3
    assert seconds >= 2 * LOOK_PAUSE
    assert not any(is_accepted(known, key) for key in invented)


async def test_a_text_that_is_no_key_is_never_looked_for() -> None:
    known = KnownKeys()
    for text in ("", "sconto_live_", f"{an_invented_key()[:-6]}000000", "a.b.c"):
        assert not known.may_be_new(text)


async def test_a_request_that_is_cancelled_leaves_the_others_their_refresh(
    database: Database, merchant: Caller
) -> None:
    known = KnownKeys()
    await known.refresh(database)
    _, text = await a_key(database, merchant)
    first, second = (asyncio.create_task(known.look_for_new(database)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert is_accepted(known, text)


async def test_no_key_is_valid_before_the_keys_are_known(
    database: Database, merchant: Caller
) -> None:
    _, text = await a_key(database, merchant)
    lost = await Database.open("postgresql://nobody@127.0.0.1:1/nothing")
    known = KnownKeys()
    with pytest.raises(DatabaseUnavailable):
        known.caller(text, NOW)
    with pytest.raises(DatabaseUnavailable):
        await known.look_for_new(lost)
    # The keys that were read before count while the database is away.
    await known.refresh(database)
    await known.try_to_refresh(lost)
    assert is_accepted(known, text)


@pytest.mark.parametrize("moved", [-timedelta(days=2), READ_ALL_AFTER + timedelta(seconds=1)])
async def test_all_keys_are_read_again_at_intervals_and_after_a_clock_set_back(
    database: Database, merchant: Caller, reads: CountedReads, moved: timedelta
) -> None:
    known = KnownKeys()
    await known.refresh(database)
    _, text = await a_key(database, merchant, known)
    async with database.write() as connection:
        # As if a failover had lost the row.
        await connection.execute(
            "DELETE FROM api_keys WHERE merchant_id = $1", merchant.merchant_id
        )
    await known.refresh(database)
    assert is_accepted(known, text)
    reads.clock_moved = moved
    await known.refresh(database)
    assert not is_accepted(known, text)


async def test_an_expired_key_is_refused_from_that_second(
    database: Database, merchant: Caller
) -> None:
    known = KnownKeys()
    await known.refresh(database)
    _, text = await a_key(database, merchant, known, expires_at=NOW + timedelta(days=30))
    assert known.caller(text, NOW + timedelta(days=30, seconds=-1)).role is Role.CHECKOUT
    with pytest.raises(TokenExpired):
        known.caller(text, NOW + timedelta(days=30))
    with pytest.raises(KeyEndsInThePast):
        await a_key(database, merchant, expires_at=NOW)


async def test_uses_are_written_together_and_never_by_a_request(
    database: Database, merchant: Caller
) -> None:
    known = KnownKeys()
    await known.refresh(database)
    made = [await a_key(database, merchant, known) for _ in range(3)]
    for seconds in range(50):
        for _, text in made[:2]:
            known.caller(text, NOW + timedelta(seconds=seconds))
    assert [key.last_used_at for key in await list_keys(database, merchant)] == [None] * 3
    await known.write_uses(database)
    last = NOW + timedelta(seconds=49)
    used = [key.last_used_at for key in await list_keys(database, merchant)]
    assert used == [last, last, None]
    # A process that is late does not set the time back.
    late = KnownKeys()
    await late.refresh(database)
    late.caller(made[0][1], NOW)
    await late.write_uses(database)
    assert (await get_key(database, merchant, made[0][0].id)).last_used_at == last


async def test_uses_that_could_not_be_written_are_written_later(
    database: Database, merchant: Caller
) -> None:
    lost = await Database.open("postgresql://nobody@127.0.0.1:1/nothing")
    known = KnownKeys()
    await known.refresh(database)
    key, text = await a_key(database, merchant, known)
    known.caller(text, NOW)
    with pytest.raises(DatabaseUnavailable):
        await known.write_uses(lost)
    await known.write_uses(database)
    assert (await get_key(database, merchant, key.id)).last_used_at == NOW


async def test_a_name_is_unique_until_its_key_is_revoked(
    database: Database, merchant: Caller
) -> None:
    key, _ = await a_key(database, merchant, name="till")
    with pytest.raises(NameTaken):
        await a_key(database, merchant, name="till")
    await a_key(database, await create_caller(database), name="till")
    await revoke_key(database, merchant, key.id, NOW)
    again, _ = await a_key(database, merchant, name="till")
    assert [one.id for one in await list_keys(database, merchant)] == [again.id]
    with pytest.raises(NotAName):
        await a_key(database, merchant, name=" ")


async def test_two_processes_together_create_no_more_than_a_hundred_keys(
    database: Database, database_url: str, merchant: Caller
) -> None:
    async with database.write() as connection:
        await connection.execute(
            "INSERT INTO api_keys (merchant_id, name, role, key_hash, prefix, created_at)"
            " SELECT $1, 'key ' || number, 'viewer', '', '', now()"
            " FROM generate_series(1, $2::int) AS number",
            merchant.merchant_id,
            MAX_KEYS - 2,
        )
    other = await Database.open(database_url)
    try:
        ended = await asyncio.gather(
            *(a_key(one, merchant) for one in (database, other) for _ in range(4)),
            return_exceptions=True,
        )
    finally:
        await other.close()
    refused = [one for one in ended if isinstance(one, BaseException)]
    assert all(isinstance(one, TooManyKeys) for one in refused), refused
    assert len(refused) == 6
    assert len(await list_keys(database, merchant)) == MAX_KEYS


async def test_another_merchants_key_is_not_found(database: Database, merchant: Caller) -> None:
    key, _ = await a_key(database, await create_caller(database))
    for attempt in (
        get_key(database, merchant, key.id),
        revoke_key(database, merchant, key.id, NOW),
    ):
        with pytest.raises(KeyNotFound):
            await attempt


async def test_the_history_says_who_changed_a_key_and_which_key_changed_a_promotion(
    database: Database, merchant: Caller
) -> None:
    key, text = await a_key(database, merchant, name="robot", role=Role.ADMIN)
    robot = key_caller(merchant.merchant_id, key.id, Role.ADMIN)
    promotion_id = await create_promotion(database, robot, a_promotion(), NOON)
    page = await get_promotion_history(database, merchant, promotion_id, limit=1)
    assert page.entries[0].username == "API key robot"
    second, _ = await a_key(database, robot, name="second")
    assert second.created_by == "API key robot"
    await revoke_key(database, merchant, key.id, NOW)
    revoked, _, created = (
        await list_entries_of_all(database, merchant, Subject.API_KEY, limit=9)
    ).entries
    assert (created.change.verb, revoked.change.verb) == (Verb.CREATED, Verb.REVOKED)
    assert created.change.after == {
        "name": "robot",
        "role": "admin",
        "prefix": key.prefix,
        "expires_at": None,
    }
    assert text not in str((created, revoked))


async def test_keys_from_before_a_restore_are_read_again(
    create_database: Callable[[], str],
) -> None:
    database = await Database.open(create_database())
    try:
        merchant = await create_caller(database)
        known = KnownKeys()
        await known.refresh(database)
        _, text = await a_key(database, merchant, known)
        async with database.write() as connection:
            await connection.execute("DELETE FROM api_keys")
            await connection.execute("UPDATE token_epoch SET epoch = 5")
        await known.refresh(database)
        assert not is_accepted(known, text)
    finally:
        await database.close()
