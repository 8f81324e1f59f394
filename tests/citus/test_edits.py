"""Edits of a merchant ask the merchant's node alone, so another one that is away stops none."""

import re
from typing import Final

import asyncpg
import pytest

from sconto.domain.codes import CodeType
from sconto.domain.people import Caller
from sconto.domain.product import ProductLine
from sconto.domain.promotion import PromotionChange
from sconto.operations import codes, products, promotions
from sconto.operations.idempotency import EncodedAnswer, KeyedRequest, run_once
from sconto.store.database import Connection, Database
from sconto.store.events import start_recording
from sconto.store.pool import Pool
from sconto.store.shard_map import READ_MAP, ShardMap
from tests.builders import NOON, a_product, a_promotion
from tests.citus.checked import assert_no_violations
from tests.conftest import create_caller
from tests.faults.shoppers import create_limited

LOGGING: Final = "?options=-c%20citus.log_remote_commands%3Don%20-c%20client_min_messages%3Dnotice"


async def edit(database: Database, shop: Caller) -> None:
    """Change everything that the merchant API and the catalogue change."""
    merchant_id = shop.merchant_id
    async with database.write(merchant_id) as connection:
        await start_recording(connection, merchant_id, 1)
    await products.put_products(database, shop, [a_product(1), a_product(2)], NOON)
    lines = [ProductLine(number, a_product(number)) for number in (2, 3, 4)]
    await products.import_products(database, shop, lines, NOON)
    once = a_promotion(codes=("A", "B"), code_type=CodeType.ONE_TIME)
    number = await promotions.create_promotion(database, shop, once, NOON)
    await codes.add_codes(database, shop, number, ("C", "D"), NOON)
    await codes.remove_codes(database, shop, number, ("A", "C"), NOON)
    change = PromotionChange(name="Other")
    await promotions.change_promotion(database, shop, number, change, NOON)
    for active in (False, True):
        await promotions.switch_promotion(database, shop, number, NOON, active=active)
    await promotions.delete_promotion(database, shop, number, NOON)
    await create_limited(database, shop)

    async def effect(_: Connection) -> None:
        pass

    request: KeyedRequest[None, EncodedAnswer] = KeyedRequest(
        "K-1", b"same", lambda _: EncodedAnswer(200, b"{}")
    )
    await run_once(database, shop, request, effect, NOON)


@pytest.mark.filterwarnings("ignore:.*active log listener")
async def test_edits_ask_the_merchants_node_alone(
    distributed_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await Database.open(distributed_url + LOGGING, connections=4)
    said: list[str] = []
    heard: set[Connection] = set()
    acquire = Pool.acquire

    def listen(_: object, message: asyncpg.PostgresLogMessage) -> None:
        said.extend(re.findall(r"@\S+:(\d+) ", str(message.detail)))

    async def acquire_listening(pool: Pool, group: int | None = None) -> Connection:
        connection = await acquire(pool, group)
        connection.add_log_listener(listen)
        heard.add(connection)
        return connection

    async with database.read() as connection:
        places = ShardMap.of(await connection.fetch(READ_MAP))
    shops = [await create_caller(database) for _ in range(4)]
    monkeypatch.setattr(Pool, "acquire", acquire_listening)
    try:
        for shop in shops:
            said.clear()
            await edit(database, shop)
            node = places.nodes[places.group_of(shop.merchant_id) or 0]
            assert set(said) == {str(node.port)}
            assert len(said) > 50
        monkeypatch.undo()
        await assert_no_violations(database)
    finally:
        for connection in heard:
            connection.remove_log_listener(listen)
        await database.close()
