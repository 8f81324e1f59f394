"""A script that creates promotions, and waits for each before it sends the next."""

from datetime import UTC, datetime

from bench.figures import Figure, Goal, figure
from bench.load import Load, LoadRequest, write_request
from bench.loading import finish_shops, open_loader, write_merchant
from bench.promotion_bodies import write_promotions
from bench.servers import Server
from bench.shop import Size, make_shop
from bench.stage import SEED, Stage


async def measure_scripts(stage: Stage, server: Server) -> list[Figure]:
    """Promotions of a new merchant, of the kinds that the shops have."""
    number = stage.plan.scripted
    connection = await open_loader(stage.url)
    try:
        merchant_id = await connection.fetchval("SELECT max(merchant_id) + 1 FROM merchants")
        await write_merchant(connection, merchant_id)
        await finish_shops(connection)
    finally:
        await connection.close()
    size = Size(f"{number:,} promotions by a script", number, number)
    now = datetime.now(UTC).replace(microsecond=0)
    shop = make_shop(merchant_id, size, 1, SEED, now)
    run = await Load(server.port).send_all(
        iter(
            [
                LoadRequest(write_request("POST", "/v1/promotion", stage.token(shop), body))
                for body in write_promotions(shop)
            ]
        ),
        clients=1,
    )
    name = f"{number:,} promotions, created one after the other"
    return [figure(name, "promotions/s", [run.rate], Goal(">=", 200))]
