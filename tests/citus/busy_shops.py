"""Merchants who ask for everything over HTTP while nodes fail, and what they must have then."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, Self

import httpx

from sconto.api.clock import read_clock
from sconto.domain.people import Caller, Role
from sconto.operations.people import create_merchant, create_user
from sconto.operations.tokens import Tokens
from sconto.store.database import Connection, Database
from tests.conftest import SECRET_KEY, create_caller
from tests.operations.cheap_passwords import CHEAP
from tests.portal.sessions import PortalClient, cookie_of
from tests.stories.shoppers import an_order

CLIENTS: Final = 2
"""Of each merchant."""

PAUSE: Final = 0.1
"""Seconds between two requests of a client."""

PATIENCE: Final = 120.0
"""Seconds until a request that is sent again and again must have had a clear answer."""

ALWAYS: Final = {"date_from": "2023-01-01T00:00:00+00:00", "date_to": "2043-01-01T00:00:00+00:00"}
COUPON: Final = {
    "promotion_type": "coupon",
    "promotion_name": "Ten",
    "status": True,
    **ALWAYS,
    "coupons": {"coupon_type": "reusable", "coupon_code": ["TEN"], "discount_percent": "10"},
}
CONTRACT: Final = {"createdAt": None, "subscriptionTypeId": "monthly", "discounts": []}
SUBSCRIPTION: Final = {
    "name": "Thirty",
    "description": "Thirty percent off",
    "code": "TRY3",
    "enabled": True,
    "rules": [{"effect": {"effectType": "PERCENTAGE_DISCOUNT", "amount": "30"}, "conditions": []}],
}
TEN_OFF: Final = {
    "name": "Ten off",
    "target": "order",
    "benefit": {"type": "amount", "amounts": {"EUR": "1.00"}},
    "limits": {"total": 1_000_000, "per_customer": 1_000_000},
}

READS: Final = (
    "/v1/promotion",
    "/v1/promotion/{coupon}",
    "/v1/promotion/{coupon}/codes",
    "/v1/promotion/{coupon}/history",
    "/v1/promotion/{coupon}/statistics/daily",
    "/promotion/v1/promotions",
    "/promotion/v1/promotions/{subscription}",
    "/cart/v1/promotions",
    "/cart/v1/promotions/{ten_off}",
    "/cart/v1/promotions/{ten_off}/statistics",
    "/cart/v1/promotions/{ten_off}/history",
    "/cart/v1/backtests",
    "/catalog/v1/products",
    "/catalog/v1/products/1",
    "/checkout/v1/orders",
    "/events/v1/events",
    "/events/v1/recording",
    "/events/v1/webhooks",
    "/export/v1/orders",
    "/export/v1/redemptions",
    "/export/v1/returns",
    "/export/v1/codes",
    "/people/v1/keys",
    "/people/v1/users",
    "/people/v1/audit",
)
PAGES: Final = (
    "/account",
    "/promotions",
    "/promotions?search=ten&state=running",
    "/promotions/deleted",
    "/promotions/{coupon}",
    "/promotions/{coupon}/statistics",
    "/promotions/{coupon}/history",
    "/promotions/{coupon}/codes",
    "/promotions/{coupon}/codes.csv",
    "/promotions/{coupon}/edit",
    "/cart-promotions/{ten_off}",
    "/cart-promotions/{ten_off}/statistics",
    "/promotions/backtests",
    "/reports",
    "/carts?product=1&quantity=1&price=10&codes=TEN",
    "/orders",
    "/subscriptions",
    "/subscriptions/{subscription}",
    "/orders/export?kind=orders&format=csv",
    "/search/live?q=ten",
    "/webhooks",
    "/home",
    "/calendar",
    "/keys",
    "/settings",
    "/audit",
    "/people",
)


@dataclass
class Kept:
    """What the merchant was told is stored."""

    orders: dict[str, str] = field(default_factory=dict)
    returned: set[str] = field(default_factory=set)
    applied: int = 0
    created: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=lambda: {"TEN"})
    products: set[int] = field(default_factory=lambda: {1, 2})


class BusyShop:
    """A merchant whose clients ask for everything in random order."""

    def __init__(self, caller: Caller, name: str, find_service: Callable[[], str]) -> None:
        self.caller = caller
        self.kept = Kept()
        self.statuses: Counter[tuple[str, str, int]] = Counter()
        """Answers by method, first part of the address, and status; 0 is a broken connection."""
        self.slowest = 0.0
        self._name = name
        self._find_service = find_service
        self._numbers = count(1)
        self._ids: dict[str, int] = {}
        tokens = Tokens(SECRET_KEY)
        self._token = tokens.issue(caller, read_clock())
        self._cookie = cookie_of(caller, tokens)

    @classmethod
    async def open(cls, database: Database, name: str, find_service: Callable[[], str]) -> Self:
        """A new merchant, whose user `maria` has a password; `stock` is still to be called."""
        merchant_id = await create_merchant(database, name)
        caller = await create_caller(database, merchant_id=merchant_id)
        await create_user(database, name, "maria", "her password", Role.ADMIN, passwords=CHEAP)
        return cls(caller, name, find_service)

    @property
    def number_answered(self) -> int:
        """How many requests got the answer that they asked for, or that it is not there."""
        return sum(number for (*_, status), number in self.statuses.items() if 0 < status < 500)

    @property
    def failures(self) -> Counter[tuple[str, str, int]]:
        """The answers that say that the merchant is not served."""
        return Counter({one: n for one, n in self.statuses.items() if not 0 < one[2] < 500})

    async def stock(self) -> None:
        """Create what the requests name."""
        async with self._client() as client:
            await self._put_products(client, [1, 2])
            await self._clear(client, "PUT", "/events/v1/recording", {"recording": True})
            for name, path, body in (
                ("coupon", "/v1/promotion", COUPON),
                ("subscription", "/promotion/v1/promotions", SUBSCRIPTION),
                ("ten_off", "/cart/v1/promotions", TEN_OFF),
            ):
                answer = await self._clear(client, "POST", path, body, key=f"stock-{name}")
                stored = answer.json()
                self._ids[name] = int(stored.get("data", stored)["id"])

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        """Ask all the time during the block; each client finishes what it has begun."""
        over = asyncio.Event()
        async with asyncio.TaskGroup() as clients:
            for _ in range(CLIENTS):
                clients.create_task(self._repeat(over))
            yield
            over.set()

    async def check(self, connection: Connection) -> None:
        """Assert that what was acknowledged is stored once, and nothing else."""
        id_, kept = self.caller.merchant_id, self.kept
        rows = await connection.fetch(
            "SELECT order_id, status FROM orders WHERE merchant_id = $1", id_
        )
        assert {row["order_id"]: row["status"] for row in rows} == kept.orders, rows
        for expected, statement in (
            (kept.returned, "SELECT order_id FROM returns WHERE merchant_id = $1"),
            (
                {*kept.created, "Ten", "Ten off"},
                "SELECT name FROM promotions WHERE merchant_id = $1 AND deleted_at IS NULL",
            ),
            (kept.products, "SELECT product_id FROM products WHERE merchant_id = $1"),
            (
                kept.codes,
                "SELECT code FROM codes WHERE merchant_id = $1 AND removed_at IS NULL",
            ),
        ):
            found = [row[0] for row in await connection.fetch(statement, id_)]
            assert sorted(found) == sorted(expected), statement
        applied = await connection.fetchval(
            "SELECT count(*) FROM subscription_applications WHERE merchant_id = $1", id_
        )
        assert applied == kept.applied

    def _client(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self._token}"}
        return httpx.AsyncClient(headers=headers, timeout=PATIENCE)

    def _cart(self, order_id: str) -> dict[str, object]:
        return an_order(order_id, "TEN") | {"customer": {"id": "ada"}}

    async def _repeat(self, over: asyncio.Event) -> None:
        errands: Sequence[Callable[[httpx.AsyncClient], Awaitable[object]]] = (
            *[self._quote] * 6,
            *[self._order] * 6,
            *[self._hold] * 3,
            *[self._read] * 4,
            *[self._open_page] * 4,
            self._apply,
            self._edit,
            self._create,
            self._add_code,
            self._import,
            self._sign_in,
            self._send_form,
        )
        async with self._client() as client:
            while not over.is_set():
                await random.choice(errands)(client)
                await asyncio.sleep(PAUSE)

    async def _ask(
        self,
        client: httpx.AsyncClient,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | None = None,
        portal: bool = False,
    ) -> httpx.Response | None:
        """The answer; None if there is none, or the merchant is not served."""
        path = path.format_map(self._ids)
        began = time.monotonic()
        status, answer = 0, None
        try:
            if portal:
                pages = PortalClient(client, self._cookie)
                client.base_url = httpx.URL(self._find_service())
                get = method == "GET"
                answer = await (pages.get(path) if get else pages.post(path, body))  # type: ignore[arg-type]
            else:
                headers = {} if key is None else {"Idempotency-Key": key}
                url = self._find_service() + path
                answer = await client.request(method, url, json=body, headers=headers)
            status = answer.status_code
        except httpx.TransportError:
            pass
        self.slowest = max(self.slowest, time.monotonic() - began)
        kind = "/portal" if portal else "/".join(path.split("/", 4)[:4])
        self.statuses[method, kind, status] += 1
        if answer is None or status < 500:
            return answer
        assert status == 503, (method, path, answer.text)
        assert int(answer.headers["Retry-After"]) > 0
        return None

    async def _clear(
        self, client: httpx.AsyncClient, *request: Any, **named: Any
    ) -> httpx.Response:
        """The answer to a request that is sent until there is one."""
        async with asyncio.timeout(PATIENCE):
            while True:
                answer = await self._ask(client, *request, **named)
                if answer is not None and answer.status_code != 409:
                    assert answer.is_success, (request, answer.status_code, answer.text)
                    return answer
                await asyncio.sleep(0.1)

    async def _quote(self, client: httpx.AsyncClient) -> None:
        prices = {"currency": "EUR", "products": [{"product_id": 1, "unit_price": "10.00"}]}
        await self._ask(client, "POST", "/checkout/v1/prices", prices)
        cart = self._cart("")
        del cart["order_id"]
        quoted = await self._ask(client, "POST", "/checkout/v1/quotes", cart)
        assert quoted is None or quoted.json()["total"] == "17.00", quoted.text

    async def _order(self, client: httpx.AsyncClient) -> None:
        """Place an order, and then pay, return or delete it."""
        name = f"O-{next(self._numbers)}"
        await self._place(client, name)
        match random.randrange(4):
            case 0:
                await self._change(client, name, "paid")
            case 1:
                body = {"return_id": "R", "shipping": False}
                body |= {"lines": [{"line_id": "1", "quantity": 1}]}
                path = f"/checkout/v1/orders/{name}/returns"
                await self._ask(client, "POST", f"{path}/_quote", {"lines": body["lines"]})
                await self._clear(client, "POST", path, body)
                self.kept.returned.add(name)
                await self._ask(client, "GET", f"{path}/R")
            case 2:
                await self._change(client, name, "deleted")
        await self._ask(client, "GET", f"/checkout/v1/orders/{name}")
        await self._ask(client, "GET", f"/checkout/v1/orders/{name}/explanation")

    async def _hold(self, client: httpx.AsyncClient) -> None:
        """Hold, and then order or release."""
        name = f"H-{next(self._numbers)}"
        cart = self._cart(name)
        held = await self._clear(client, "POST", "/checkout/v1/holds", cart)
        await self._ask(client, "GET", f"/checkout/v1/holds/{name}")
        if random.random() < 0.5:
            placed = await self._place(client, name)
            assert placed.json()["total"] == held.json()["total"]
            return
        async with asyncio.timeout(PATIENCE):
            while True:
                gone = await self._ask(client, "DELETE", f"/checkout/v1/holds/{name}")
                if gone is not None and gone.status_code != 409:
                    assert gone.status_code in {204, 404}  # an answer may have been lost
                    return
                await asyncio.sleep(0.1)

    async def _place(self, client: httpx.AsyncClient, name: str) -> httpx.Response:
        body = self._cart(name)
        placed = await self._clear(client, "POST", "/checkout/v1/orders", body)
        assert placed.json()["total"] == "17.00", placed.text
        self.kept.orders[name] = "not paid"
        return placed

    async def _change(self, client: httpx.AsyncClient, name: str, status: str) -> None:
        await self._clear(client, "PATCH", f"/checkout/v1/orders/{name}", {"status": status})
        self.kept.orders[name] = status

    async def _apply(self, client: httpx.AsyncClient) -> None:
        body = {"promotionCode": "TRY3", "subscriptionContract": CONTRACT}
        path = "/promotion/v1/promotions/{subscription}"
        await self._ask(client, "POST", f"{path}/_validate", {"subscriptionContract": CONTRACT})
        key = f"apply-{next(self._numbers)}"
        await self._clear(client, "POST", "/promotion/v1/promotion-codes/_apply", body, key=key)
        self.kept.applied += 1

    async def _edit(self, client: httpx.AsyncClient) -> None:
        for path, body in (
            ("/v1/promotion/{coupon}", {"promotion_type": "coupon", "promotion_name": "Ten"}),
            ("/promotion/v1/promotions/{subscription}", {"description": "again"}),
            ("/cart/v1/promotions/{ten_off}", {"limits": {"total": 1_000_000}}),
        ):
            await self._ask(client, "PATCH", path, body)

    async def _create(self, client: httpx.AsyncClient) -> None:
        name = f"Inactive {next(self._numbers)}"
        body = TEN_OFF | {"name": name, "active": False}
        await self._clear(client, "POST", "/cart/v1/promotions", body, key=name)
        self.kept.created.add(name)

    async def _add_code(self, client: httpx.AsyncClient) -> None:
        code = f"CODE-{next(self._numbers)}"
        path = "/v1/promotion/{coupon}/codes"
        await self._clear(client, "POST", path, {"coupon_code": [code]})
        self.kept.codes.add(code)

    async def _import(self, client: httpx.AsyncClient) -> None:
        await self._put_products(client, [100 + next(self._numbers) for _ in range(20)])

    async def _put_products(self, client: httpx.AsyncClient, ids: Sequence[int]) -> None:
        products = [
            {"product_id": id_, "name": "Mug", "price": "10.00", "currency": "EUR"} for id_ in ids
        ]
        await self._clear(client, "PUT", "/catalog/v1/products", {"products": products})
        self.kept.products.update(ids)

    async def _sign_in(self, client: httpx.AsyncClient) -> None:
        person = {"username": f"{self._name}/maria", "password": "her password"}
        entered = await self._ask(client, "POST", "/v1/login_check", person)
        assert entered is None or entered.status_code == 200, entered.text
        entered = await self._ask(client, "POST", "/sign-in", person, portal=True)
        assert entered is None or entered.status_code == 303, entered.text

    async def _read(self, client: httpx.AsyncClient) -> None:
        await self._ask(client, "GET", random.choice(READS))

    async def _open_page(self, client: httpx.AsyncClient) -> None:
        page = await self._ask(client, "GET", random.choice(PAGES), portal=True)
        assert page is None or page.status_code in {200, 303}, page.url

    async def _send_form(self, client: httpx.AsyncClient) -> None:
        await self._ask(client, "POST", "/account/language", {"language": "de"}, portal=True)
        form = {"active": "on", "step": "anyway"}
        await self._ask(client, "POST", "/promotions/{coupon}/switch", form, portal=True)
