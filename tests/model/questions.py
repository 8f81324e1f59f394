"""Random questions: mostly sensible ones about what exists, and some with random content."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from hypothesis import strategies as st

from tests.model import cart_questions, listings, subscription_questions
from tests.model.asking import Question
from tests.model.faults import is_code
from tests.model.shop import Shop
from tests.model.subscription_questions import one_of_these
from tests.model.values import DECIMALS, Digits, compared

Draw = st.DrawFn

PRODUCTS: Final = (1, 2, 3, 4, 2**63 - 1)
"""The ids that are added to the catalogue and removed."""

CODES: Final = ("A", "a", "K", "B", "b-1", "B-1", "Ж", "ж", "ѓ", "\u0433\u0301", "x_.9", "Z" * 30)
ORDERS: Final = ("o1", "o2", "o3", "o4", "o5", "o6", "o7", "o8")

_TYPED: Final = (
    "A",
    "Б",
    "k",
    "\u212a",
    "no!",
    " a\r\n",
    "\ufeffЖ",
    "\u0413\u0301\u00a0",
    "b\u200b-1",
)
"""Other texts that shoppers type: a Kelvin sign, blanks, and separate marks."""

_NAMES: Final = ("Spring", "spring sale", "ВЕСНА", "весна 2", "n", "é" * 255)  # noqa: RUF001
_PERCENTS: Final = (
    "10", "10.0", "5", "12.5", "33.333333", "0.000001", "100", "050", 10, 5,
    Digits("12.50"), Digits("99.999999"),
)  # fmt: skip
_NO_PERCENTS: Final[tuple[Any, ...]] = (
    "0", 0, 101, "100.000001", "1e1", Digits("1e1"), "-1", "+1", " 1", "1,5", "1.", ".5", "", None,
    True, [], {}, "1.0000001", "٣", Digits("0.0"),
)  # fmt: skip
_NO_IDS: Final[tuple[Any, ...]] = (
    "1",
    0,
    -1,
    True,
    None,
    Digits("1.0"),
    2**63,
    Digits("1e0"),
    [],
    "",
)
_NO_CODES: Final = ("", "a b", "é", "Z" * 31, "҂", 5, None, "A\u0301", "\u202eA", "A\u0000", ["A"])
_ANYTHING: Final[tuple[Any, ...]] = (
    None,
    0,
    1,
    "",
    "x",
    True,
    [],
    {},
    [None],
    {"a": 1},
    Digits("1.5"),
    "true",
)
_NO_TIMES: Final = (
    "2026-06-01", "2026-06-01T12:00:00", "2026-06-01T12:00:00Z", "2026-06-01T12:00:00.0+00:00",
    "2026-06-01 12:00:00+00:00", "2026-06-01T12:00:00+14:01", "2026-06-01T12:00:00+01:60",
    "2026-02-30T12:00:00+00:00", "0001-01-01T00:00:00+14:00", "2026-06-01T24:00:00+00:00",
    "2026-06-01T12:00:60+00:00", "2026-06-01T12:00:00+0000", "\uff12026-06-01T12:00:00+00:00", 1,
)  # fmt: skip
_NO_TARGETS: Final = ("7", "0", "01", "x", "9" * 30, "-1", "1.0")
_FAR_AWAY: Final = (
    "3000-01-01T00:00:00+00:00", "3000-01-01T00:00:00+03:00", "9000-01-01T00:00:00+00:00",
)  # fmt: skip
_OFFSETS: Final = (0, 3 * 60, -5 * 60 - 30, 14 * 60, -14 * 60, 1)

_VERBS: Final = {
    "create": 3, "patch": 4, "get": 1, "list": 1, "delete": 1, "statistics": 2, "quote": 4,
    "list prices": 3,
    "order": 4, "hold": 4, "find hold": 1, "release hold": 1, "find order": 1, "set status": 2,
    "put product": 1, "drop product": 1,
    **subscription_questions.VERBS, **cart_questions.VERBS,
}  # fmt: skip
"""How often each verb is asked."""


@st.composite
def questions(draw: Draw, shop: Shop, now: datetime, verb: str = "") -> Question:
    """A question, with this verb if it is not None."""
    shares = [one for one, share in _VERBS.items() for _ in range(share)]
    verb = verb or draw(st.sampled_from(shares))
    target, body = "", dict[str, Any]()
    match verb:
        case "create":
            body = draw(bodies(now))
        case "patch":
            target = draw(_targets(shop))
            found = shop.find(target)
            body = draw(changes(now, found.type if found else "coupon"))
        case "get" | "delete":
            target = draw(_targets(shop))
        case "list" | "list prices":
            body = draw(_queries() if verb == "list" else listings.pages(PRODUCTS))
        case "statistics":
            known = [Digits(one) for one in shop.promotions]
            body = {"id": draw(one_of_these(known, ["999999999", "7"]))}
        case "quote":
            body = draw(_quotes(shop, now))
        case "order" | "hold":
            body = draw(_orders(shop) if verb == "order" else _holds(shop))
        case "find hold" | "release hold" | "find order" | "set status":
            target = draw(st.sampled_from(ORDERS))
            if verb == "set status":
                body = {"status": draw(st.sampled_from(("not paid", "paid", "deleted")))}
        case "put product":
            body = {"products": [draw(_products())]}
        case "drop product":
            target = str(draw(st.sampled_from(PRODUCTS)))
        case _:
            others = (
                cart_questions.cart_questions
                if verb in cart_questions.VERBS
                else subscription_questions.subscription_questions
            )
            return draw(others(shop, now, verb))
    return Question(verb, target, body)


@st.composite
def _products(draw: Draw) -> dict[str, Any]:
    tags = draw(st.lists(st.sampled_from(cart_questions.TAGS), unique=True))
    product_id = draw(st.sampled_from(PRODUCTS))
    product = {"product_id": product_id, "name": "p", "price": "1.00", "currency": "EUR"}
    return {**product, "tags": tags}


@st.composite
def bodies(draw: Draw, now: datetime) -> dict[str, Any]:
    """The body of create."""
    body = {"promotion_name": draw(st.sampled_from(_NAMES)), **draw(_optional(now))}
    body |= draw(_typed(st.sampled_from(("coupon", "discount"))))
    return draw(_maybe_faulty(body))


@st.composite
def changes(draw: Draw, now: datetime, type_: str) -> dict[str, Any]:
    """The body of modify, for a promotion of this type."""
    body = draw(_optional(now))
    if draw(st.booleans()):
        body["promotion_name"] = draw(st.sampled_from(_NAMES))
    if draw(st.booleans()):
        body["promotion_type"] = type_
    else:
        body |= draw(_typed(st.sampled_from((type_, type_, "coupon", "discount"))))
    return draw(_maybe_faulty(body))


@st.composite
def times(draw: Draw, now: datetime) -> str:
    """A time around now, in some time zone."""
    if draw(st.integers(0, 9)) == 0:
        return draw(
            st.sampled_from(
                (
                    "3000-01-01T00:00:00+00:00",
                    "3000-01-01T00:00:00+03:00",
                    "9000-01-01T00:00:00+00:00",
                )
            )
        )
    seconds = draw(st.sampled_from((-86400, -7200, -3600, -1, 0, 1, 3600, 7200, 86400)))
    offset = timezone(timedelta(minutes=draw(st.sampled_from(_OFFSETS))))
    moment = now.replace(microsecond=0) + timedelta(seconds=seconds)
    return moment.astimezone(offset).isoformat()


@st.composite
def _optional(draw: Draw, now: datetime) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if draw(st.integers(0, 5)) == 0:
        body["status"] = draw(st.booleans())
    for name in ("date_from", "date_to"):
        if draw(st.integers(0, 4)) == 0:
            body[name] = draw(times(now))
    return body


@st.composite
def _typed(draw: Draw, types: st.SearchStrategy[str]) -> dict[str, Any]:
    type_ = draw(types)
    terms: dict[str, Any] = {}
    if type_ == "coupon":
        kind = draw(st.sampled_from(("one-time", "one-time", "reusable", None)))
        terms = {} if kind is None else {"coupon_type": kind}
        codes = st.lists(st.sampled_from(CODES), min_size=1, max_size=3, unique_by=compared)
        terms["coupon_code"] = draw(codes)
    products = st.lists(st.sampled_from((1, 2, 3)), min_size=1, max_size=3, unique=True)
    match draw(st.integers(0, 2)):
        case 0:
            terms["discount_percent"] = draw(st.sampled_from(_PERCENTS))
        case 1:
            terms["discount_percent"] = draw(st.sampled_from(_PERCENTS))
            terms["product_id"] = draw(products)
        case _:
            terms["products"] = [
                {"product_id": one, "discount_percent": draw(st.sampled_from(_PERCENTS))}
                for one in draw(products)
            ]
    return {"promotion_type": type_, f"{type_}s": terms}


@st.composite
def faulty_bodies(draw: Draw, now: datetime) -> dict[str, Any]:
    """A body of create or modify, usually with several faults."""
    body = {**draw(_optional(now)), **draw(_typed(st.sampled_from(("coupon", "discount"))))}
    if draw(st.booleans()):
        body["promotion_name"] = draw(st.sampled_from(_NAMES))
    return draw(_with_faults(body))


@st.composite
def _maybe_faulty(draw: Draw, body: dict[str, Any]) -> dict[str, Any]:
    """Usually the unchanged body."""
    return draw(_with_faults(body)) if draw(st.integers(0, 3)) == 0 else body


@st.composite
def _with_faults(draw: Draw, body: dict[str, Any]) -> dict[str, Any]:
    """The body with a few changes, its members in any order."""
    for _ in range(draw(st.integers(1, 5))):
        place: dict[str, Any] = body
        objects = [name for name in ("coupons", "discounts") if isinstance(body.get(name), dict)]
        if draw(st.booleans()) and objects:
            place = body[draw(st.sampled_from(objects))]
        name, value = draw(_faults())
        if value == "remove":
            place.pop(name, None)
        else:
            # A copy, because the next change may be inside it.
            place[name] = deepcopy(value)
    return {name: body[name] for name in draw(st.permutations(list(body)))}


@st.composite
def _faults(draw: Draw) -> tuple[str, Any]:
    def some(*values: Any) -> Any:
        return draw(st.sampled_from(values))

    def several(values: Sequence[Any]) -> Any:
        return draw(st.lists(st.sampled_from(values), max_size=4))

    value: Any
    name = some(
        *("promotion_type", "promotion_name", "status", "date_from", "date_to", "coupons"),
        *("discounts", "coupon_type", "coupon_code", "discount_percent", "product_id", "products"),
        "zebra",
    )
    match name:
        case "promotion_type":
            value = some("coupon", "discount", "Coupon", "remove", None)
        case "promotion_name":
            value = some("", " \t", "\u00a0", "x" * 256, "a\nb", "\u200f", "remove", *_ANYTHING)
        case "date_from" | "date_to":
            value = some("remove", *_NO_TIMES)
        case "coupons":
            value = some({}, {"coupon_code": ["A", "a"], "discount_percent": "5"}, *_ANYTHING)
        case "discounts":
            value = some({}, {"discount_percent": "5", "product_id": [1, 1]}, *_ANYTHING)
        case "coupon_code":
            value = several([*CODES, *_NO_CODES])
        case "discount_percent":
            value = some("remove", *_NO_PERCENTS, *_PERCENTS)
        case "product_id":
            value = several([1, 2, 4, 5, 77, *_NO_IDS])
        case "products":
            value = [
                draw(_strange_items(some(1, 2, 5, 77, *_NO_IDS))) for _ in range(some(0, 1, 2, 3))
            ]
        case _:
            value = some(*_ANYTHING)
    return name, some(value, value, value, *_ANYTHING)


@st.composite
def _strange_items(draw: Draw, product: object) -> object:
    percent = draw(st.sampled_from([*_PERCENTS, *_NO_PERCENTS]))
    item = {"product_id": product, "discount_percent": percent}
    rest: list[object] = [{**item, "x": 1}, {"product_id": product}, {"discount_percent": percent}]
    return draw(st.sampled_from([item, item, item, *rest, None, 1]))


@st.composite
def _targets(draw: Draw, shop: Shop) -> str:
    known = [str(one) for one in shop.promotions]
    return draw(one_of_these(known, _NO_TARGETS))


@st.composite
def _queries(draw: Draw) -> dict[str, str]:
    choices = {
        "limit": ("0", "1", "3"),
        "offset": ("0", "1", "2"),
        "status": ("0", "1"),
        "expired": ("0", "1"),
        "search_string": ("spr", "SALE", "весна", "ing s", "ééé"),
        "sort_by_update_date": ("asc", "desc"),
    }
    names = draw(st.lists(st.sampled_from(sorted(choices)), unique=True, max_size=3))
    return {name: draw(st.sampled_from(choices[name])) for name in names}


@st.composite
def _carts(draw: Draw, shop: Shop) -> dict[str, Any]:
    currency = draw(st.sampled_from(sorted(DECIMALS)))
    benefits = [one.terms["benefit"]["type"] for one in shop.cart_promotions.values()]
    # The model of these counts unit by unit.
    most_units = 20 if "units" in benefits else 1_000_000
    prices = listings.unit_prices(currency)
    lines = [
        {
            "line_id": f"l{number}",
            "product_id": draw(st.sampled_from(PRODUCTS)),
            "quantity": draw(st.sampled_from((1, 2, 3, 7, most_units))),
            "unit_price": draw(prices),
        }
        for number in range(draw(st.integers(1, 4)))
    ]
    known = [code.text for one in shop.promotions.values() for code in one.present_codes()]
    known += [code.text for one in shop.cart_promotions.values() for code in one.present_codes()]
    known += [text.swapcase() for text in known]
    codes = draw(st.lists(one_of_these(known, _TYPED), max_size=4))
    cart: dict[str, Any] = {"currency": currency, "lines": lines, "codes": codes}
    cart |= draw(cart_questions.said_of_the_shopper(currency))
    if draw(st.integers(0, 2)) == 0:
        cart["subscription"] = draw(subscription_questions.subscriptions(shop))
    return cart


@st.composite
def _quotes(draw: Draw, shop: Shop, now: datetime) -> dict[str, Any]:
    cart = draw(_carts(shop))
    return {**cart, "at": draw(times(now))} if draw(st.booleans()) else cart


@st.composite
def _orders(draw: Draw, shop: Shop) -> dict[str, Any]:
    """A new order, a repeated one, a held one, or a replacement of another."""
    placed, held = sorted(shop.orders), sorted(shop.holds)
    if held and draw(st.integers(0, 2)) == 0:
        return _unheld(shop.holds[draw(st.sampled_from(held))].body)
    again = draw(one_of_these(placed, placed or ORDERS))
    if draw(st.integers(0, 3)) == 0 and placed:
        return _respelt(shop.orders[again]["body"])
    body = {"order_id": draw(st.sampled_from(ORDERS)), **draw(_carts(shop))}
    if draw(st.integers(0, 2)) == 0:
        body["replaces"] = draw(one_of_these(placed, ORDERS))
    return body


@st.composite
def _holds(draw: Draw, shop: Shop) -> dict[str, Any]:
    """The body of an order, often with a number of seconds."""
    body = draw(_orders(shop))
    seconds = draw(st.sampled_from((None, 30, 30, 3600, 86_400)))
    return body if seconds is None else {**body, "seconds": seconds}


def _unheld(body: Mapping[str, Any]) -> dict[str, Any]:
    """The order that a hold promises."""
    again = _respelt(body)
    del again["expected_total"]
    return {name: value for name, value in again.items() if name != "seconds"}


def _respelt(body: Mapping[str, Any]) -> dict[str, Any]:
    """The same order, spelled differently."""
    codes = [text.swapcase() if is_code(text) else text for text in body["codes"]]
    return {**dict(reversed(list(body.items()))), "codes": codes, "expected_total": "7"}
