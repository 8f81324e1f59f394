"""Exports of orders, redemptions and codes, whatever the size of a batch."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from sconto.domain.codes import CodeType
from sconto.domain.exports import ExportFilter, ExportKind, OrderRow, RedemptionRow, ReturnRow
from sconto.domain.order import NewOrder, OrderStatus
from sconto.domain.people import Caller
from sconto.domain.returns import Goods
from sconto.operations import checkout, exports, promotions
from sconto.operations.returns import create_return
from sconto.store import exports as store
from sconto.store import return_exports
from sconto.store.database import Database
from tests.builders import NOON, a_promotion
from tests.conftest import create_caller
from tests.operations.test_cart_promotions import Shop, cart, shopper, ten_off


@pytest.fixture
def shop(database: Database, merchant: Caller) -> Shop:
    return Shop(database, merchant)


async def rows_of(shop: Shop, kind: ExportKind, **conditions: object) -> list[tuple[Any, ...]]:
    wanted = ExportFilter(**conditions)  # type: ignore[arg-type]
    batches = exports.export_rows(shop.database, shop.caller, kind, wanted)
    return [row async for batch in batches for row in batch]


async def ids_of(shop: Shop, kind: ExportKind, **conditions: object) -> str:
    return "".join(str(row[0]) for row in await rows_of(shop, kind, **conditions))


async def open_shop(shop: Shop) -> tuple[int, int]:
    """Five orders a minute apart, A to E; the ids of a coupon and of a cart promotion."""
    new = a_promotion(codes=("ONE", "TWO"), code_type=CodeType.ONE_TIME)
    coupon = await promotions.create_promotion(shop.database, shop.caller, new, NOON)
    ten = await shop.create(ten_off(), "TEN")
    carts = {
        "A": cart("ten", customer=shopper("c-1"), shipping=490),
        "B": cart("one", "ten"),
        "C": cart(customer=shopper("c-2")),
        "D": cart("unheard-of"),
        "E": cart("two"),
    }
    for minutes, (order_id, wanted) in enumerate(carts.items()):
        at = NOON + timedelta(minutes=minutes)
        order = NewOrder(order_id, wanted)
        await checkout.place_order(shop.database, shop.caller, order, at, at.date())
    await shop.set_status("C", OrderStatus.PAID)
    return coupon, ten.id


async def test_orders_are_exported_with_their_amounts_and_by_each_condition(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    coupon, ten = await open_shop(shop)
    first, *_, last = await rows_of(shop, ExportKind.ORDERS)
    assert first == OrderRow(
        order_id="A",
        status="not paid",
        created_at=NOON,
        currency="EUR",
        lines=1,
        units=2,
        subtotal=Decimal("60.00"),
        discount=Decimal("10.00"),
        shipping=Decimal("4.90"),
        shipping_discount=Decimal("0.00"),
        total=Decimal("54.90"),
        customer_id="c-1",
        codes="ten",
        replaces=None,
        replaced_by=None,
    )
    assert last[0] == "E"

    later, earlier = NOON + timedelta(minutes=3), NOON + timedelta(minutes=1)
    conditions: dict[str, dict[str, object]] = {
        "ABCDE": {},
        "DE": {"since": later},
        "ABC": {"until": later},
        "BC": {"since": earlier, "until": later},
        "C": {"status": OrderStatus.PAID},
        "A": {"customer_id": "c-1"},
        "AB": {"promotion_id": ten},
        "BE": {"promotion_id": coupon},
        "B": {"promotion_id": coupon, "code_key": "one"},
        "": {"promotion_id": coupon, "code_key": "ten"},
    }
    for limit in ("500", "1", "2"):
        statement = store._LAST_ORDER.replace("LIMIT 500", f"LIMIT {limit}")
        monkeypatch.setattr(store, "_LAST_ORDER", statement)
        found = {await ids_of(shop, ExportKind.ORDERS, **one): one for one in conditions.values()}
        assert found == conditions
    assert await ids_of(shop, ExportKind.ORDERS, promotion_id=2**63) == ""


async def test_redemptions_are_exported_with_what_they_gave(shop: Shop) -> None:
    coupon, ten = await open_shop(shop)
    found = [RedemptionRow(*row) for row in await rows_of(shop, ExportKind.REDEMPTIONS)]
    shown = [
        (row.order_id, row.promotion_id, row.product_id, row.code, row.one_time, str(row.discount))
        for row in found
    ]
    assert shown == [
        ("A", ten, None, "TEN", False, "10.00"),
        ("B", ten, None, "TEN", False, "10.00"),
        ("B", coupon, 11111, "ONE", True, "6.00"),
        ("E", coupon, 11111, "TWO", True, "6.00"),
    ]
    assert await ids_of(shop, ExportKind.REDEMPTIONS, code_key="two") == "E"


async def test_returns_are_exported_by_the_line(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await open_shop(shop)
    for minutes, (order_id, goods) in enumerate(
        (("B", Goods({"1": 1})), ("A", Goods({"1": 2}, shipping=True)), ("C", Goods({"1": 1})))
    ):
        at = NOON + timedelta(days=1, minutes=minutes)
        await create_return(shop.database, shop.caller, order_id, f"R-{order_id}", goods, at)
    of_line, of_shipping = [ReturnRow(*row) for row in await rows_of(shop, ExportKind.RETURNS)][1:3]
    assert of_line == ReturnRow(
        return_id="R-A",
        order_id="A",
        created_at=NOON + timedelta(days=1, minutes=1),
        customer_id="c-1",
        line_id="1",
        product_id=11111,
        quantity=2,
        currency="EUR",
        subtotal=Decimal("60.00"),
        discount=Decimal("10.00"),
        total=Decimal("50.00"),
    )
    assert (of_shipping.line_id, of_shipping.total) == (None, Decimal("4.90"))
    later = NOON + timedelta(days=1, minutes=1)
    for limit in ("200", "1"):
        statement = return_exports._LAST.replace("LIMIT 200", f"LIMIT {limit}")
        monkeypatch.setattr(return_exports, "_LAST", statement)
        conditions: dict[str, dict[str, object]] = {
            "R-BR-AR-AR-C": {},
            "R-AR-AR-C": {"since": later},
            "R-B": {"until": later},
            "R-AR-A": {"customer_id": "c-1"},
        }
        for ids, wanted in conditions.items():
            assert await ids_of(shop, ExportKind.RETURNS, **wanted) == ids


async def test_codes_are_exported_by_promotion_and_state(shop: Shop) -> None:
    coupon, ten = await open_shop(shop)

    async def shown(**conditions: object) -> Sequence[object]:
        rows = await rows_of(shop, ExportKind.CODES, **conditions)
        return [(row[1], row[2], row[5], row[6]) for row in rows]

    one, two = ("ONE", coupon, 1, "B"), ("TWO", coupon, 1, "E")
    assert await shown() == [one, two, ("TEN", ten, 2, None)]
    assert await shown(promotion_id=coupon) == [one, two]
    assert await shown(used=False) == [("TEN", ten, 2, None)]
    assert await shown(used=True, promotion_id=ten) == []


async def test_nothing_of_another_merchant_is_exported(shop: Shop, database: Database) -> None:
    await open_shop(shop)
    other = Shop(database, await create_caller(database))
    for kind in ExportKind:
        assert await rows_of(other, kind) == []
