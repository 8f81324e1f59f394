"""Sentences of explanations, in the API's language."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sconto.api.rfc3339 import write_instant
from sconto.domain.bill import PricedCart
from sconto.domain.cart_offers import CartReason, CartRefusal
from sconto.domain.cart_outcome import CartPromotionOutcome
from sconto.domain.code_outcomes import CodeOutcome, CodeStatus
from sconto.domain.explained_steps import Considered, ExplainedStep, LineShare, StepName
from sconto.domain.explanation import PromotionOutcome, PromotionStatus
from sconto.domain.money import format_amount, format_percent
from sconto.domain.subscription import CodeReason, ConsideredCode

STEPS: Final[Mapping[StepName, str]] = {
    StepName.PRODUCT_PROMOTIONS: "Product promotions",
    StepName.LINES: "Cart promotions on lines",
    StepName.ORDER: "Cart promotions on the order",
    StepName.SHIPPING: "Cart promotions on shipping",
    StepName.SUBSCRIPTION: "The subscription's code",
}

_PRODUCT: Final[Mapping[PromotionStatus, str]] = {
    PromotionStatus.APPLIED: "The customer gets it.",
    PromotionStatus.LOWER_DISCOUNT: "Another promotion gives more.",
    PromotionStatus.TIE: "Another promotion gives as much, and its group comes first.",
    PromotionStatus.LATER_CODE: "A code that was activated later was picked.",
    PromotionStatus.SAME_CODE: (
        "Another promotion with the same code gives more, or as much and was created later."
    ),
    PromotionStatus.LATER_CREATED: "A promotion of the same group was created later.",
    PromotionStatus.NOT_COVERED: "It does not cover this product.",
    PromotionStatus.USED: "An order used the code{at}.",
    PromotionStatus.EXPIRED: "It ended{at}.",
    PromotionStatus.NOT_STARTED: "It starts{at}.",
    PromotionStatus.INACTIVE: "It is switched off.",
}

_CART: Final[Mapping[CartReason, str]] = {
    CartReason.MINIMUM_SUBTOTAL: (
        "It needs {need} of what it covers. The cart has {have}, so {missing} are missing."
    ),
    CartReason.MINIMUM_QUANTITY: (
        "It needs {need} {units}. The cart has {have}, so {missing} {are} missing."
    ),
    CartReason.TIER: (
        "Its first tier begins at {need}. The cart has {have}: {missing} {are} missing."
    ),
    CartReason.UNITS: "It needs {need} {units}. The cart has {have}, so {missing} {are} missing.",
    CartReason.SEGMENT: "The customer is in none of its segments.",
    CartReason.FIRST_ORDER: "It is for first orders, and the customer has another one.",
    CartReason.CUSTOMER_REQUIRED: "It needs the customer's id, and the cart has none.",
    CartReason.NOT_COVERED: "It covers no line of the cart on which anything is left.",
    CartReason.CURRENCY: "It has no amount in the cart's currency.",
    CartReason.NO_SHIPPING: "The cart has no shipping costs.",
    CartReason.TOTAL_LIMIT: "Its limit of orders is used up.",
    CartReason.CUSTOMER_LIMIT: "The customer has used it as often as allowed.",
    CartReason.BUDGET: "What is left of its budget is less than it would take off.",
    CartReason.LOWER_DISCOUNT: "Other promotions of its step take more off.",
    CartReason.TIE: "Other promotions of its step take as much off, and come first.",
    CartReason.NOTHING_LEFT: "The promotions before it left nothing to take off.",
    CartReason.USED: "An order used the code, or holds it.",
    CartReason.EXPIRED: "It is over.",
    CartReason.NOT_STARTED: "It has not started.",
    CartReason.INACTIVE: "It is switched off, or outside its hours.",
}

_SUBSCRIPTION: Final[Mapping[CodeReason, str]] = {
    CodeReason.LOWER_DISCOUNT: "Another code of the subscription gives more.",
    CodeReason.TIE: "Another code of the subscription gives as much, and comes first.",
    CodeReason.NO_RULE: "None of its rules is for this order.",
    CodeReason.UNKNOWN: "No promotion has this code.",
}

CODES: Final[Mapping[CodeStatus, str]] = {
    CodeStatus.APPLIED: "It gives a discount.",
    CodeStatus.OUTDONE: "It was picked, but another promotion gives more.",
    CodeStatus.NOT_PICKED: "A later code was picked, or another promotion with the same code.",
    CodeStatus.CONDITIONS_NOT_MET: "The cart does not meet the conditions of its promotion.",
    CodeStatus.NOT_APPLICABLE: "It covers no product of the cart.",
    CodeStatus.USED: "An order used it{at}.",
    CodeStatus.LIMIT_REACHED: "A limit of its promotion is reached.",
    CodeStatus.EXPIRED: "Its promotion ended{at}.",
    CodeStatus.NOT_STARTED: "Its promotion starts{at}.",
    CodeStatus.INACTIVE: "Its promotion is switched off.",
    CodeStatus.UNKNOWN: "No promotion has this code.",
}

_NAMED_LINES: Final = 5
"""Lines that a sentence names; of more it tells the number."""


def describe_bill(priced: PricedCart) -> str:
    """What the cart costs before and after all steps."""
    money = money_in(priced.currency)
    shipping = "" if priced.shipping is None else f", shipping {money(priced.shipping.amount)}"
    return (
        f"The lines cost {money(priced.subtotal)}{shipping}. Promotions take"
        f" {money(priced.discount)} off. The total is {money(priced.total)}."
    )


_HELD: Final = "It is held for another order until {until}."


def describe_step(step: ExplainedStep, currency: str) -> str:
    """What the step takes off, and what it leaves."""
    name, money = STEPS[step.name], money_in(currency)
    if not step.considered:
        return f"{name}: none was considered."
    if not step.discount:
        return f"{name}: none takes anything off."
    return (
        f"{name}: {money(step.discount)} off {money(step.before)}, which leaves"
        f" {money(step.after)}."
    )


def describe_code(outcome: CodeOutcome) -> str:
    """The result of an activated code."""
    if outcome.held_until is not None:
        return _HELD.format(until=write_instant(outcome.held_until))
    at = outcome.starts_at or outcome.ended_at or outcome.used_at
    return CODES[outcome.status].format(at=_on(at))


def describe(considered: Considered, step: ExplainedStep, currency: str) -> str:
    """The result of a promotion in a step: what it takes off, or all reasons why it does not."""
    money, outcome = money_in(currency), considered.outcome
    sentences: list[str] = []
    if considered.applied:
        sentences.append(_taken(considered, step, money))
    match outcome:
        case CartPromotionOutcome():
            sentences += [_refused(one, money) for one in outcome.reasons]
            if outcome.next_tier is not None:
                tier = outcome.next_tier
                sentences.append(f"{_count(tier, tier.missing, money)} more reach its next tier.")
        case ConsideredCode():
            if outcome.reason is not None:
                sentences.append(_SUBSCRIPTION[outcome.reason])
        case _:
            statuses = {one.status: one for one in outcome}
            sentences += [
                describe_status(one) if not considered.applied else _elsewhere(considered, one)
                for one in statuses.values()
                if one.status is not PromotionStatus.APPLIED
            ]
    return " ".join(sentences)


def describe_status(outcome: PromotionOutcome) -> str:
    """Why a product promotion does or does not apply to a product."""
    if outcome.held_until is not None:
        return _HELD.format(until=write_instant(outcome.held_until))
    return _PRODUCT[outcome.status].format(at=_on(outcome.time_behind))


def _taken(considered: Considered, step: ExplainedStep, money: Callable[[int], str]) -> str:
    if step.name is StepName.SHIPPING:
        return f"It takes {money(considered.discount)} off shipping."
    shares = [share for share in considered.lines if share.discount]
    if not shares:
        return f"It takes {money(considered.discount)} off."
    if len(shares) == 1:
        return f"It takes {_share(shares[0], money)}."
    named = ", ".join(_share(share, money) for share in shares[:_NAMED_LINES])
    more = len(shares) - _NAMED_LINES
    others = f", and the rest off {more} more" if more > 0 else ""
    return f"It takes {money(considered.discount)} off: {named}{others}."


def _share(share: LineShare, money: Callable[[int], str]) -> str:
    percent = "" if share.percent is None else f"{format_percent(share.percent)} % of "
    before = money(share.before)
    of = f"{percent}{before}, {money(share.discount)}," if percent else money(share.discount)
    return f"{of} off line {share.line_id}"


def _elsewhere(considered: Considered, outcome: PromotionOutcome) -> str:
    lines = [share.line_id for share in considered.lines if share.status is outcome.status]
    return f"On {_list_lines(lines)}: {describe_status(outcome)}" if lines else ""


def _list_lines(line_ids: Sequence[str]) -> str:
    word = "line" if len(line_ids) == 1 else "lines"
    named = ", ".join(line_ids[:_NAMED_LINES])
    more = len(line_ids) - _NAMED_LINES
    return f"{word} {named}" + (f" and {more} more" if more > 0 else "")


def _refused(refusal: CartRefusal, money: Callable[[int], str]) -> str:
    return _CART[refusal.reason].format(
        have=_count(refusal, refusal.have, money),
        need=_count(refusal, refusal.need, money),
        missing=_count(refusal, refusal.missing, money),
        units="unit" if refusal.need == 1 else "units",
        are="is" if refusal.missing == 1 and not refusal.in_money else "are",
    )


def _count(refusal: CartRefusal, number: int | None, money: Callable[[int], str]) -> str:
    return money(number or 0) if refusal.in_money else str(number or 0)


def money_in(currency: str) -> Callable[[int], str]:
    """Says amounts of a currency."""
    return lambda amount: f"{format_amount(amount, currency)} {currency}"


def _on(at: datetime | None) -> str:
    return "" if at is None else f" at {write_instant(at)}"


def join_names(names: Iterable[str]) -> str:
    """Names in quotation marks, as a list in a sentence."""
    quoted = [f'"{name}"' for name in names]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"
