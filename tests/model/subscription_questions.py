"""Random questions about subscription promotions, and random subscriptions of carts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from hypothesis import strategies as st

from tests.model.asking import Question
from tests.model.shop import Shop

Draw = st.DrawFn

VERBS: Final = {
    "create subscription": 2, "change subscription": 2, "archive subscription": 1,
    "find subscription": 1, "validate subscription": 1, "apply subscription": 4,
}  # fmt: skip
"""How often each verb is asked."""

_CODES: Final = ("TRY", "try", "KEEP", "Ж")
_TYPED: Final = (*_CODES, *(f"\u00a0{code}\r\n" for code in _CODES))
_KINDS: Final = ("ORDER_NUMBER_AFTER_APPLIED", "SUBSCRIPTION_CONTRACT_ORDER_NUMBER")
_TYPES: Final = ("monthly", "yearly")
_EFFECTS: Final = (
    ("PERCENTAGE_DISCOUNT", "30"), ("PERCENTAGE_DISCOUNT", "33.333333"),
    ("PERCENTAGE_DISCOUNT", "100"), ("AMOUNT_DISCOUNT", "5"), ("AMOUNT_DISCOUNT", "0.995"),
    ("AMOUNT_DISCOUNT", "1000000"),
)  # fmt: skip

T = TypeVar("T")


@st.composite
def one_of_these(draw: Draw, found: Sequence[T], others: Sequence[T]) -> T:
    """Usually one of `found`, sometimes one of `others`.

    How much there is may depend on who won a race; what is drawn may not.
    """
    sensible, number = draw(st.integers(0, 7)) < 7, draw(st.integers(0, 199))
    choices = found if found and sensible else others
    return choices[number % len(choices)]


@st.composite
def subscription_questions(draw: Draw, shop: Shop, now: datetime, verb: str) -> Question:
    """A question whose body has no faults, except those that the state causes."""
    known = list(shop.subscriptions.promotions)
    target = draw(one_of_these(known, ["999999999"]))
    body: dict[str, Any] = {}
    match verb:
        case "create subscription":
            target = ""
            body = {"name": "n", "code": draw(st.sampled_from(_CODES)), "enabled": True}
            body["rules"] = draw(_rules())
            body["constraint"] = draw(_constraints(now))
        case "change subscription":
            name = draw(st.sampled_from(("enabled", "name", "rules", "constraint", "constraint")))
            values: dict[str, st.SearchStrategy[Any]] = {
                "enabled": st.booleans(),
                "name": st.sampled_from(("other", "n")),
                "rules": _rules(),
                "constraint": _constraint_changes(now),
            }
            body = {name: draw(values[name])}
        case "validate subscription":
            body = {"subscriptionContract": draw(_contracts())}
        case "apply subscription":
            target = f"key-{draw(st.integers(1, 40))}"
            code = draw(one_of_these(_codes_of(shop), _TYPED))
            body = {"promotionCode": code, "subscriptionContract": draw(_contracts())}
    return Question(verb, target, body)


@st.composite
def subscriptions(draw: Draw, shop: Shop) -> dict[str, Any]:
    """The subscription that a cart belongs to."""
    codes = []
    for text in draw(st.lists(one_of_these(_codes_of(shop), (*_TYPED, "NONE")), max_size=3)):
        code: dict[str, Any] = {"code": text, "first_order_number": draw(st.integers(1, 3))}
        named = draw(one_of_these(list(shop.subscriptions.applications), ["nobody's"]))
        if draw(st.booleans()):
            code["application_id"] = named
        codes.append(code)
    return {
        "created_at": None,
        "type_id": "monthly",
        "order_number": draw(st.integers(1, 4)),
        "codes": codes,
    }


def _codes_of(shop: Shop) -> list[str]:
    return [str(one.body["code"]) for one in shop.subscriptions.promotions.values()]


@st.composite
def _rules(draw: Draw) -> list[dict[str, Any]]:
    rules = []
    for _ in range(draw(st.integers(1, 3))):
        kind, amount = draw(st.sampled_from(_EFFECTS))
        conditions = st.builds(
            lambda type_, value: {"conditionType": type_, "value": str(value)},
            st.sampled_from(_KINDS),
            st.integers(1, 4),
        )
        rules.append(
            {
                "effect": {"effectType": kind, "amount": amount},
                "conditions": draw(st.lists(conditions, max_size=2)),
            }
        )
    return rules


@st.composite
def _constraints(draw: Draw, now: datetime) -> dict[str, Any]:
    constraint: dict[str, Any] = {}
    if draw(st.booleans()):
        constraint["maxUsage"] = draw(st.integers(1, 3))
    for name in ("promoStartAt", "promoEndAt"):
        if draw(st.integers(0, 5)) == 0:
            constraint[name] = draw(moments(now))
    if draw(st.integers(0, 4)) == 0:
        types = draw(st.lists(st.sampled_from(_TYPES), unique=True))
        constraint["subscription"] = {"newOnly": draw(st.booleans()), "typeIds": types}
    return constraint


@st.composite
def _constraint_changes(draw: Draw, now: datetime) -> dict[str, Any]:
    if draw(st.booleans()):
        return {"maxUsage": draw(st.sampled_from((1, 2, 3, None)))}
    name = draw(st.sampled_from(("promoStartAt", "promoEndAt")))
    return {name: draw(st.one_of(st.none(), moments(now)))}


@st.composite
def moments(draw: Draw, now: datetime) -> str:
    """A time before, at or after now."""
    hours = draw(st.sampled_from((-9, -1, 0, 1, 9)))
    return (now.replace(microsecond=0) + timedelta(hours=hours)).isoformat()


@st.composite
def _contracts(draw: Draw) -> dict[str, Any]:
    created = draw(st.sampled_from((None, "2026-01-01T00:00:00+00:00")))
    discounts = []
    if draw(st.integers(0, 4)) == 0:
        criteria = {"orderOrdinal": 3}
        discounts = [
            {"code": "tRY", "terminationCriteria": criteria, "addedAt": "2026-01-01T00:00:00Z"}
        ]
    type_id = draw(st.sampled_from(_TYPES))
    return {"createdAt": created, "subscriptionTypeId": type_id, "discounts": discounts}
