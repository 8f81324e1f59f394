"""Cart promotions: the worked examples of the reference, and random ones against the model."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.domain.cart import Customer
from sconto.domain.cart_ground import Ground, GroundLine
from sconto.domain.cart_offers import CartOffer, Room
from sconto.domain.cart_promotion import (
    ALL_PRODUCTS,
    AmountOff,
    Amounts,
    Benefit,
    BuyAndGet,
    CartTerms,
    Conditions,
    FixedPrice,
    Limits,
    Measure,
    PercentOff,
    ProductSelection,
    Target,
    Tier,
    Tiers,
)
from sconto.domain.cart_step import StepResult, decide_step
from sconto.domain.offers import Offer
from sconto.domain.schedule import Period
from tests.domain.cart_strategies import bills, promotions_of
from tests.domain.test_cart_bills import NOW, PRICES
from tests.model import cart_promotions as model


def percent(number: Fraction | int) -> int:
    return int(number * 1_000_000)


def minor(amounts: Mapping[str, Fraction] | None) -> Amounts | None:
    return None if amounts is None else {c: int(a * 100) for c, a in amounts.items()}


def read_selection(selection: Mapping[str, Any] | None) -> ProductSelection | None:
    if selection is None:
        return None
    return ProductSelection(**{name: frozenset(value) for name, value in selection.items()})


def read_benefit(benefit: Mapping[str, Any]) -> Benefit:
    match benefit["type"]:
        case "percent":
            return PercentOff(percent(benefit["percent"]), minor(benefit.get("at_most")))
        case "amount":
            return AmountOff(minor(benefit["amounts"]) or {})
        case "price":
            return FixedPrice(minor(benefit["prices"]) or {})
        case "units":
            return BuyAndGet(
                benefit["buy"],
                benefit["get"],
                percent(benefit.get("percent", 100)),
                read_selection(benefit.get("get_products")),
                benefit.get("at_most"),
            )
    tiers = []
    for tier in benefit["tiers"]:
        given = read_benefit(tier["benefit"])
        assert isinstance(given, PercentOff | AmountOff)
        start = tier["from"] if benefit["by"] == "quantity" else minor(tier["from"])
        assert start is not None
        tiers.append(Tier(start, given))
    return Tiers(Measure(benefit["by"]), tuple(tiers))


def offer(fields: Mapping[str, Any]) -> CartOffer:
    conditions, limits, room = (fields.get(name, {}) for name in ("conditions", "limits", "room"))
    budget = room.get("budget")
    return CartOffer(
        Offer(promotion_id=fields["id"], active=True, period=Period(NOW)),
        CartTerms(
            Target(fields["target"]),
            read_benefit(fields["benefit"]),
            products=read_selection(fields.get("products")) or ALL_PRODUCTS,
            on_discounted=fields.get("on_discounted", True),
            conditions=Conditions(
                minor(conditions.get("minimum_subtotal")),
                conditions.get("minimum_quantity"),
                frozenset(conditions.get("segments", ())),
                conditions.get("first_order", False),
            ),
            limits=Limits(
                limits.get("total"), limits.get("per_customer"), minor(limits.get("budget"))
            ),
            priority=fields.get("priority", 0),
            exclusive=fields.get("exclusive", False),
        ),
        Room(
            room.get("total"), room.get("customer"), None if budget is None else int(budget * 100)
        ),
    )


def read_ground(bill: Mapping[str, Any], target: str) -> Ground:
    customer = bill.get("customer") or {}
    shipping = bill.get("shipping")
    return Ground(
        Target(target),
        bill["currency"],
        [
            GroundLine(
                line["product_id"],
                frozenset(line["tags"]),
                line["quantity"],
                int(line["left"] * 100),
                line["discounted"],
            )
            for line in bill["lines"]
        ],
        None if shipping is None else int(shipping * 100),
        Customer(
            customer.get("id"),
            frozenset(customer.get("segments", ())),
        ),
        customer.get("has_ordered", False),
    )


def euros(amount: str) -> dict[str, Fraction]:
    return {"EUR": Fraction(amount)}


def bill_of(*lines: tuple[int, int], shipping: str | None = None) -> dict[str, Any]:
    """A bill of units of the reference's products at their prices."""
    return {
        "currency": "EUR",
        "shipping": None if shipping is None else Fraction(shipping),
        "lines": [
            {
                "product_id": product_id,
                "tags": (),
                "quantity": quantity,
                "left": Fraction(PRICES[product_id] * quantity, 100),
                "discounted": False,
            }
            for quantity, product_id in lines
        ],
    }


def takings(decision: StepResult) -> list[tuple[int, ...]]:
    return [taking.parts for taking in decision.takings]


def reasons(decision: StepResult) -> dict[int, list[str]]:
    return {
        offered.promotion_id: [reason.reason.value for reason in found]
        for offered, found in decision.losers
    }


WORKED: list[tuple[str, dict[str, Any], list[dict[str, Any]], list[tuple[int, ...]]]] = [
    (
        "an amount from a minimum on is split over the lines",
        {
            **bill_of((2, 1), (1, 2)),
            "lines": [
                {**bill_of((2, 1))["lines"][0], "left": Fraction("35.98"), "discounted": True},
                bill_of((1, 2))["lines"][0],
            ],
        },
        [
            {
                "target": "order",
                "benefit": {"type": "amount", "amounts": euros("10")},
                "conditions": {"minimum_subtotal": euros("50")},
            }
        ],
        [(591, 409)],
    ),
    (
        "of four units one is free",
        bill_of((2, 3), (1, 4), (1, 5)),
        [{"target": "lines", "benefit": {"type": "units", "buy": 2, "get": 1}}],
        [(0, 300, 0)],
    ),
    (
        "together wins over an exclusive one",
        bill_of((3, 3)),
        [
            {"target": "order", "benefit": {"type": "percent", "percent": 10}, "priority": 1},
            {"target": "order", "benefit": {"type": "amount", "amounts": euros("2")}},
            {
                "target": "order",
                "benefit": {"type": "percent", "percent": 22},
                "exclusive": True,
            },
        ],
        [(150,), (200,)],
    ),
    (
        "a percent is capped",
        bill_of((3, 1)),
        [
            {
                "target": "order",
                "benefit": {"type": "percent", "percent": 50, "at_most": euros("20")},
            }
        ],
        [(2000,)],
    ),
    (
        "the highest tier that is reached counts",
        bill_of((7, 4)),
        [
            {
                "target": "lines",
                "benefit": {
                    "type": "tiers",
                    "by": "quantity",
                    "tiers": [
                        {"from": 3, "benefit": {"type": "percent", "percent": 10}},
                        {"from": 6, "benefit": {"type": "percent", "percent": 20}},
                    ],
                },
            }
        ],
        [(420,)],
    ),
    (
        "two of one get one of another at half price",
        bill_of((3, 3), (1, 2)),
        [
            {
                "target": "lines",
                "products": {"ids": [3]},
                "benefit": {
                    "type": "units",
                    "buy": 2,
                    "get": 1,
                    "percent": 50,
                    "get_products": {"ids": [2]},
                },
            }
        ],
        [(0, 1245)],
    ),
    (
        "each unit costs a fixed price",
        bill_of((2, 1)),
        [{"target": "lines", "benefit": {"type": "price", "prices": euros("15")}}],
        [(998,)],
    ),
]


@pytest.mark.parametrize(
    ("bill", "promotions", "expected"), [row[1:] for row in WORKED], ids=[row[0] for row in WORKED]
)
def test_a_worked_cart_costs_what_the_reference_says(
    bill: dict[str, Any], promotions: list[dict[str, Any]], expected: list[tuple[int, ...]]
) -> None:
    offered = [offer({"id": id_, **fields}) for id_, fields in enumerate(promotions, 1)]
    decision = decide_step(read_ground(bill, promotions[0]["target"]), offered)
    assert takings(decision) == expected


def test_a_missed_minimum_says_how_much_is_missing() -> None:
    promotion = {
        "id": 1,
        "target": "shipping",
        "benefit": {"type": "percent", "percent": 100},
        "conditions": {"minimum_subtotal": euros("30")},
    }
    decision = decide_step(
        read_ground(bill_of((1, 2), shipping="4.90"), "shipping"), [offer(promotion)]
    )
    [(_, [reason])] = decision.losers
    assert (reason.have, reason.need, reason.missing) == (2490, 3000, 510)


@pytest.mark.parametrize("target", ["lines", "order", "shipping"])
@given(data=st.data())
def test_a_step_equals_the_models_in_any_order_of_storage(data: st.DataObject, target: str) -> None:
    bill, promotions = data.draw(bills), data.draw(promotions_of(target))
    decision = decide_step(
        read_ground(bill, target), [offer(one) for one in data.draw(st.permutations(promotions))]
    )

    taken, why = model.step(promotions, bill, target)

    assert {taking.offered.promotion_id: list(taking.parts) for taking in decision.takings} == {
        id_: [int(part * 100) for part in parts] for id_, parts in taken.items()
    }
    assert {id_: set(found) for id_, found in reasons(decision).items()} == why


@pytest.mark.parametrize("target", ["lines", "order", "shipping"])
@given(data=st.data())
def test_a_step_takes_no_more_than_the_price(data: st.DataObject, target: str) -> None:
    bill, promotions = data.draw(bills), data.draw(promotions_of(target))
    ground = read_ground(bill, target)
    decision = decide_step(ground, [offer(one) for one in promotions])
    left = ground.remainders
    for taking in decision.takings:
        assert min(taking.parts) >= 0
        left = [amount - part for amount, part in zip(left, taking.parts, strict=True)]
    assert min(left) >= 0
