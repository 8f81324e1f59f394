"""Another merchant's things look like things that do not exist."""

import re
from collections.abc import Callable, Mapping
from typing import Final

import httpx

from sconto.domain.people import Caller
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.security.endpoints import PUBLIC, Things, body_of, in_other_words, operations_of, send

Bearer = Callable[[Caller], dict[str, str]]

NOBODYS = Things(
    promotion=999_999_999_999,
    product=888_888_888,
    order="order-of-nobody",
    code="CODEOFNOBODY",
    subscription="777777777777",
    subscription_code="SUBSCRIPTIONOFNOBODY",
    application="00000000-0000-4000-8000-000000000000",
    cart_promotion=999_999_999_998,
    webhook=999_999_999_997,
    delivery=999_999_999_996,
)


DIFFERING = ("id", "at", "date", "time", "key", "prefix", "_by", "link", "username", "secret")
"""The ends of names of values that differ between two callers or calls."""


async def stock(client: httpx.AsyncClient, database: Database, headers: dict[str, str]) -> Things:
    """A merchant with one of each thing that requests can name."""
    async with database.write() as connection:
        # Ids that cannot be confused with other numbers in an answer.
        for table, column in (
            ("promotions", "promotion_id"),
            ("subscription_promotions", "promotion_id"),
            ("api_keys", "key_id"),
            ("users", "user_id"),
            ("webhooks", "webhook_id"),
            ("deliveries", "delivery_id"),
            ("backtests", "backtest_id"),
        ):
            await connection.execute(
                "SELECT setval(sequence, greatest(nextval(sequence), 660000000 + $3))"
                " FROM CAST(pg_get_serial_sequence($1, $2) AS regclass) AS sequence",
                table,
                column,
                1000 * len(table),
            )
    own = Things(
        0, 4_711_001, "order-of-a-victim", "CODEOFVICTIM", "", "SUBSCRIPTIONOFVICTIM", "", 0
    )

    async def create(method: str, path: str, changes: Mapping[str, object]) -> httpx.Response:
        body = {**body_of(method, path, own), **changes}
        answer = await client.request(method, path, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer

    webhook = find_id((await create("POST", "/events/v1/webhooks", {"enabled": False})).json())
    await create("PUT", "/catalog/v1/products", {})
    coupons = body_of("POST", "/v1/promotion", own)["coupons"] | {"coupon_code": [own.code]}
    made = await create("POST", "/v1/promotion", {"coupons": coupons})
    place = "/promotion/v1/promotions"
    subscription = await create("POST", place, {"code": own.subscription_code})
    applied = await create("POST", "/promotion/v1/promotion-codes/_apply", {})
    await sell(client, own, headers)
    cart_promotion = await create("POST", "/cart/v1/promotions", {})
    named = {"promotion_id": find_id(cart_promotion.json())}
    backtest = await create("POST", "/cart/v1/promotions/_backtest", named)
    # A running one changes by itself.
    await client.post(f"/cart/v1/backtests/{find_id(backtest.json())}/_cancel", headers=headers)
    api_key = await create("POST", "/people/v1/keys", {"name": "The victim's"})
    user = await create("POST", "/people/v1/invitations", {"username": "victim"})
    await give_second_factor(database, user.json()["user_id"])
    webhook_path = f"/events/v1/webhooks/{webhook}"
    since = {"since": "2026-01-01T00:00:00+00:00"}
    replayed = await client.post(f"{webhook_path}/replay", json=since, headers=headers)
    assert replayed.json()["replayed"] > 0, replayed.text
    listed = await client.get(f"{webhook_path}/deliveries?limit=1", headers=headers)
    return Things(
        find_id(made.json()),
        own.product,
        own.order,
        own.code,
        str(find_id(subscription.json())),
        own.subscription_code,
        applied.json()["meta"]["applicationId"],
        find_id(cart_promotion.json()),
        api_key.json()["key_id"],
        user.json()["user_id"],
        webhook,
        find_id(listed.json()["deliveries"][0]),
        hold=own.hold,
        backtest=backtest.json()["id"],
    )


async def sell(client: httpx.AsyncClient, own: Things, headers: dict[str, str]) -> None:
    """An order, a hold, and a return of the order."""
    order = body_of("POST", "/checkout/v1/orders", own) | {"order_id": own.order}
    del order["replaces"]
    placed = await client.post("/checkout/v1/orders", json=order, headers=headers)
    assert placed.status_code == 201, placed.text
    held = await client.post(
        "/checkout/v1/holds", json=order | {"order_id": own.hold}, headers=headers
    )
    assert held.status_code == 201, held.text
    returned = {"return_id": own.returned, "lines": [{"line_id": "1", "quantity": 1}]}
    kept = await client.post(
        f"/checkout/v1/orders/{own.order}/returns", json=returned, headers=headers
    )
    assert kept.status_code == 201, kept.text


def find_id(answer: object) -> int:
    """The id in an answer of any format."""
    if isinstance(answer, dict):
        for name in ("id", "promotion_id", "data", "promotion"):
            if name in answer:
                return find_id(answer[name])
    assert isinstance(answer, int | str), answer
    return int(answer)


async def test_another_merchants_things_look_like_things_that_do_not_exist(
    client: httpx.AsyncClient, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    victim = bearer(merchant)
    theirs = await stock(client, database, victim)
    before = await everything(client, theirs, victim)
    operations = [one for one in await operations_of(client) if one not in PUBLIC]
    assert len(operations) > 20
    for method, path in operations:
        if method in ("POST", "PUT", "PATCH"):
            assert body_of(method, path, NOBODYS) is not None, f"{method} {path} is not attacked"
        answers = []
        # Two strangers, because the first one creates things.
        for things in (theirs, NOBODYS):
            other_merchant = bearer(await create_caller(database))
            answer = await send(client, method, path, things, other_merchant)
            assert answer.status_code < 500, answer.text
            answers.append((answer.status_code, comparable(answer, things)))
        assert answers[0] == answers[1], f"{method} {path}"
    other_merchant = bearer(await create_caller(database))
    for about_theirs, about_nobodys in zip(
        in_other_words(theirs), in_other_words(NOBODYS), strict=True
    ):
        of_theirs, of_nobodys = [
            await client.request(method, path, json=body, headers=other_merchant)
            for method, path, body in (about_theirs, about_nobodys)
        ]
        assert of_theirs.status_code == of_nobodys.status_code >= 400
        assert comparable(of_theirs, theirs) == comparable(of_nobodys, NOBODYS)
    assert await everything(client, theirs, victim) == before
    # The owner succeeds with the same requests, so none was refused as malformed.
    for method, path in sorted(operations, key=lambda one: (one[0] == "DELETE", len(one[1]))):
        if not path.endswith("/codes") or method != "DELETE":
            answer = await send(client, method, path, theirs, victim)
            assert answer.is_success or answer.status_code == 409, f"{method} {path}: {answer.text}"


async def test_no_list_and_no_search_shows_another_merchants_things(
    client: httpx.AsyncClient, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    theirs = await stock(client, database, bearer(merchant))
    other_merchant = bearer(await create_caller(database))
    for address in (
        "/v1/promotion",
        f"/v1/promotion?search_string={theirs.code}",
        "/promotion/v1/promotions",
        f"/promotion/v1/promotions?code={theirs.subscription_code}",
        "/catalog/v1/products",
        f"/catalog/v1/products?search={theirs.product}",
        "/cart/v1/promotions",
        "/cart/v1/backtests",
        "/events/v1/events",
        "/events/v1/webhooks",
    ):
        answer = await client.get(address, headers=other_merchant)
        assert answer.status_code == 200, answer.text
        assert theirs.without_names(answer.text) == answer.text


async def test_another_merchants_cursor_shows_nothing_of_their_list(
    client: httpx.AsyncClient, database: Database, merchant: Caller, bearer: Bearer
) -> None:
    own, other_merchant = bearer(merchant), bearer(await create_caller(database))
    names = [
        {"product_id": number, "name": f"Secret {number}", "price": "1.00", "currency": "EUR"}
        for number in range(1, 4)
    ]
    put = await client.put("/catalog/v1/products", json={"products": names}, headers=own)
    assert put.is_success
    page = (await client.get("/catalog/v1/products?limit=1", headers=own)).json()
    cursor = next(value for name, value in page.items() if "cursor" in name and value)
    answer = await client.get(f"/catalog/v1/products?cursor={cursor}", headers=other_merchant)
    assert answer.status_code < 500
    assert "Secret" not in answer.text


async def give_second_factor(database: Database, user_id: int) -> None:
    """Give the user one, so that there is one to reset."""
    async with database.write() as connection:
        await connection.execute(
            "INSERT INTO second_factors (merchant_id, user_id, secret, key_id, created_at,"
            " last_step) SELECT merchant_id, user_id, '', '', now(), 0 FROM users"
            " WHERE user_id = $1",
            user_id,
        )


async def everything(
    client: httpx.AsyncClient, things: Things, headers: dict[str, str]
) -> list[str]:
    """Everything that the owner can read of these things, except the time of a replay."""
    reads = [path for method, path in await operations_of(client) if method == "GET"]
    answers = [
        # The log of exports grows by this very request.
        await client.get(
            things.fill(path),
            params={"kind": "promotion"} if path == "/people/v1/audit" else None,
            headers=headers,
        )
        for path in reads
        if ("GET", path) not in PUBLIC
    ]
    assert all(answer.status_code == 200 for answer in answers), answers
    return [REPLAYED_AT.sub("", answer.text) for answer in answers]


REPLAYED_AT: Final = re.compile('(?<="possible":true,)"at":"[^"]*"')


def comparable(answer: httpx.Response, things: Things) -> str:
    """An answer without the requested names, new ids and times."""
    names_callers = answer.request.url.path == "/people/v1/users"
    if answer.is_success and (names_callers or answer.request.method in ("POST", "PUT", "PATCH")):
        return things.without_names(str(sorted(shape(answer))))
    return things.without_names(answer.text)


def shape(answer: httpx.Response) -> list[str]:
    """The values of a JSON answer by path, except those that differ between calls."""
    found: list[str] = []

    def walk(value: object, place: str) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                walk(inner, f"{place}.{name}")
        elif isinstance(value, list):
            for inner in value:
                walk(inner, f"{place}[]")
        elif not place.lower().endswith(DIFFERING):
            found.append(f"{place}={value}")

    walk(answer.json() if answer.content else None, "")
    return found
