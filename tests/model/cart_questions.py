"""Random questions about cart promotions, and what carts say for them."""

from datetime import datetime
from typing import Any, Final

from hypothesis import strategies as st

from tests.model.asking import Question
from tests.model.shop import Shop
from tests.model.subscription_questions import moments, one_of_these
from tests.model.values import DECIMALS, compared, show_amount

Draw = st.DrawFn

VERBS: Final = {
    "create cart promotion": 3, "change cart promotion": 4, "delete cart promotion": 1,
    "restore cart promotion": 1, "find cart promotion": 1, "cart statistics": 2,
}  # fmt: skip
"""How often each verb is asked."""

TAGS: Final = ("red", "sale")
CUSTOMERS: Final = ("c-1", "c-2")

_CODES: Final = ("A", "K", "b-1", "CART", "cart", "Ж2")
_PERCENTS: Final = ("10", "33.333333", "50", "100", "0.000001")
_NUMBERS: Final = (1, 5, 999, 2000, 10_050, 10**11)
"""Amounts in minor units."""

_ZONES: Final = ("UTC", "Europe/Berlin", "America/St_Johns")
_NAMES: Final = ("Ten off", "Other")


@st.composite
def cart_questions(draw: Draw, shop: Shop, now: datetime, verb: str) -> Question:
    """A question whose body has no faults, except those that the state causes."""
    known = [str(one) for one in shop.cart_promotions]
    target, body = draw(one_of_these(known, ["999999999"])), dict[str, Any]()
    match verb:
        case "create cart promotion":
            target, body = "", draw(_promotions(now))
        case "change cart promotion":
            body = draw(_patches(now))
    return Question(verb, target, body)


@st.composite
def rivals(draw: Draw, shop: Shop) -> Question:
    """An order, hold or deletion of a plain cart, or new limits: they often meet."""
    order_id = f"r{draw(st.integers(1, 20))}"
    match draw(st.integers(0, 7)):
        case 0:
            known = [str(one) for one in shop.cart_promotions]
            target = draw(one_of_these(known, ["999999999"]))
            return Question("change cart promotion", target, {"limits": draw(_limits())})
        case 1 | 2:
            order_id = draw(one_of_these(sorted(shop.orders), [order_id]))
            return Question("set status", order_id, {"status": "deleted"})
    line = {"line_id": "1", "product_id": draw(st.integers(1, 2)), "unit_price": "10.00"}
    body: dict[str, Any] = {"order_id": order_id, "currency": "EUR", "shipping": "4.90"}
    body["lines"] = [{**line, "quantity": draw(st.sampled_from((1, 3, 9)))}]
    body["customer"] = {"id": draw(st.sampled_from(CUSTOMERS)), "segments": ["vip"]}
    codes = [code.text for one in shop.cart_promotions.values() for code in one.present_codes()]
    body["codes"] = draw(st.lists(one_of_these(codes, _CODES), max_size=2))
    if draw(st.integers(0, 4)) == 0:
        body["replaces"] = draw(one_of_these(sorted(shop.orders), ["none"]))
    held = sorted(shop.holds)
    if held and draw(st.integers(0, 2)) == 0:
        body = {**shop.holds[draw(st.sampled_from(held))].body}
        body.pop("seconds", None)
    return Question(draw(st.sampled_from(("order", "order", "hold"))), "", body)


@st.composite
def said_of_the_shopper(draw: Draw, currency: str) -> dict[str, Any]:
    """What a cart says of its customer and of shipping; often nothing."""
    said: dict[str, Any] = {}
    if draw(st.booleans()):
        customer: dict[str, Any] = {}
        if draw(st.integers(0, 4)):
            customer["id"] = draw(st.sampled_from(CUSTOMERS))
        if draw(st.booleans()):
            customer["segments"] = draw(st.permutations(("vip", "new")))
        if draw(st.integers(0, 4)) == 0:
            customer["has_ordered"] = draw(st.booleans())
        said["customer"] = customer
    if draw(st.booleans()):
        said["shipping"] = show_amount(draw(st.sampled_from((0, 1, 490, 99_900))), currency)
    return said


@st.composite
def _promotions(draw: Draw, now: datetime) -> dict[str, Any]:
    target = draw(st.sampled_from(("lines", "lines", "order", "order", "shipping")))
    body: dict[str, Any] = {"name": draw(st.sampled_from(_NAMES)), "target": target}
    body["benefit"] = draw(_benefits(target))
    for name, share, values in (
        ("codes", 2, _codes()),
        ("limits", 2, _limits()),
        ("conditions", 2, _conditions()),
        ("products", 2, _selections()),
        ("priority", 2, st.integers(-1, 1)),
        ("exclusive", 3, st.booleans()),
        ("on_discounted", 3, st.booleans()),
        ("hours", 6, _hours()),
        ("starts_at", 6, moments(now)),
        ("ends_at", 6, moments(now)),
        ("active", 9, st.booleans()),
    ):
        if draw(st.integers(1, share)) == 1:
            body[name] = draw(values)
    return body


@st.composite
def _patches(draw: Draw, now: datetime) -> dict[str, Any]:
    values: dict[str, st.SearchStrategy[Any]] = {
        "limits": st.none() | _limits() | _limit_changes(),
        "conditions": st.none() | _conditions(),
        "codes": st.none() | _codes() | _codes().map(_without_list),
        "products": st.none(),
        "priority": st.integers(-1, 1),
        "exclusive": st.booleans(),
        "active": st.booleans(),
        "hours": st.none(),
        "ends_at": st.none() | moments(now),
        "starts_at": moments(now),
        "name": st.sampled_from(_NAMES),
    }
    often = ("limits", "limits", "limits", "codes")
    names = st.sampled_from((*often, *values))
    return {name: draw(values[name]) for name in draw(st.sets(names, min_size=1, max_size=3))}


@st.composite
def _benefits(draw: Draw, target: str) -> dict[str, Any]:
    kinds = ["percent", "amount", "tiers"] + ["price", "units", "units"] * (target == "lines")
    match draw(st.sampled_from(kinds)):
        case "price":
            return {"type": "price", "prices": draw(_amounts())}
        case "units":
            units: dict[str, Any] = {"type": "units", "buy": draw(st.integers(1, 3))}
            units |= {"get": draw(st.integers(1, 2)), "percent": draw(st.sampled_from(_PERCENTS))}
            if draw(st.booleans()):
                units["get_products"] = draw(_selections())
            if draw(st.integers(0, 3)) == 0:
                units["at_most"] = draw(st.integers(1, 3))
            return units
        case "tiers":
            return draw(_tiers())
        case kind:
            return draw(_simple_benefits(kind))


@st.composite
def _simple_benefits(draw: Draw, kind: str) -> dict[str, Any]:
    if kind == "amount":
        return {"type": "amount", "amounts": draw(_amounts())}
    benefit: dict[str, Any] = {"type": "percent", "percent": draw(st.sampled_from(_PERCENTS))}
    if draw(st.integers(0, 2)) == 0:
        benefit["at_most"] = draw(_amounts())
    return benefit


@st.composite
def _tiers(draw: Draw) -> dict[str, Any]:
    kinds = st.sampled_from(("percent", "amount"))
    count = draw(st.integers(1, 3))
    benefits = [draw(_simple_benefits(draw(kinds))) for _ in range(count)]
    if draw(st.booleans()):
        starts: list[Any] = [1, 3, 9]
        return {"type": "tiers", "by": "quantity", "tiers": _steps(starts, benefits)}
    starts = [_by_currency(number) for number in (0, 2000, 100_000)]
    return {"type": "tiers", "by": "subtotal", "tiers": _steps(starts, benefits)}


def _steps(starts: list[Any], benefits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"from": start, "benefit": benefit}
        for start, benefit in zip(starts[: len(benefits)], benefits, strict=True)
    ]


@st.composite
def _amounts(draw: Draw) -> dict[str, str]:
    amounts = _by_currency(draw(st.sampled_from(_NUMBERS)))
    return {"EUR": amounts["EUR"]} if draw(st.integers(0, 9)) == 0 else amounts


def _by_currency(number: int) -> dict[str, str]:
    return {currency: show_amount(number, currency) for currency in sorted(DECIMALS)}


@st.composite
def _selections(draw: Draw) -> dict[str, Any]:
    selection: dict[str, Any] = {}
    for name in ("ids", "tags", "except_ids", "except_tags"):
        if draw(st.integers(0, 2)) == 0:
            values: tuple[Any, ...] = TAGS if name.endswith("tags") else (1, 2, 3)
            some = st.sets(st.sampled_from(values), min_size=1, max_size=2)
            selection[name] = sorted(draw(some))
    return selection or {"ids": [1]}


@st.composite
def _conditions(draw: Draw) -> dict[str, Any]:
    conditions: dict[str, Any] = {}
    if draw(st.booleans()):
        conditions["first_order"] = True
    if draw(st.integers(0, 2)) == 0:
        conditions["minimum_subtotal"] = draw(_amounts())
    if draw(st.integers(0, 2)) == 0:
        conditions["minimum_quantity"] = draw(st.integers(1, 5))
    if draw(st.integers(0, 2)) == 0:
        conditions["segments"] = ["vip"]
    return conditions


@st.composite
def _limits(draw: Draw) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    if draw(st.booleans()):
        limits["total"] = draw(st.integers(1, 3))
    if draw(st.booleans()):
        limits["per_customer"] = draw(st.integers(1, 2))
    if draw(st.booleans()):
        limits["budget"] = draw(_amounts())
    return limits


@st.composite
def _limit_changes(draw: Draw) -> dict[str, Any]:
    name = draw(st.sampled_from(("total", "per_customer", "budget")))
    return {name: draw(st.none() | (_amounts() if name == "budget" else st.integers(1, 5)))}


@st.composite
def _codes(draw: Draw) -> dict[str, Any]:
    texts = st.lists(st.sampled_from(_CODES), min_size=1, max_size=2, unique_by=compared)
    code_type = draw(st.sampled_from(("one-time", "one-time", "reusable")))
    return {"code_type": code_type, "codes": draw(texts)}


def _without_list(codes: dict[str, Any]) -> dict[str, Any]:
    return {"code_type": codes["code_type"]}


@st.composite
def _hours(draw: Draw) -> dict[str, Any]:
    texts = st.sampled_from(("00:00", "09:00", "12:00", "12:30", "20:00"))
    hours: dict[str, Any] = {"from": draw(texts), "until": draw(texts)}
    hours["time_zone"] = draw(st.sampled_from(_ZONES))
    if draw(st.booleans()):
        # The first of June 2026, when histories start, is a Monday.
        hours["weekdays"] = draw(st.sampled_from((["mon"], ["mon", "tue"], ["sun"])))
    return hours
