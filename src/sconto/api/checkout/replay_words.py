"""Sentences about what the request of an order would cost now, and why."""

from collections.abc import Callable, Mapping
from typing import Final

from sconto.api.checkout.explanation_words import join_names, money_in
from sconto.api.rfc3339 import write_instant
from sconto.domain.replay import Difference, Replay
from sconto.domain.replay_causes import Cause, ChangeKind, ChangeReason
from sconto.domain.replay_shares import PromotionRef

NOT_STORED: Final = (
    "The request was not stored: the order was placed by a version of Sconto that kept only what"
    " it got."
)

_WHY: Final[Mapping[tuple[ChangeKind, ChangeReason | None], str]] = {
    (ChangeKind.ADDED, ChangeReason.CREATED): "it was created after the order{at}",
    (ChangeKind.ADDED, ChangeReason.STARTED): "it started after the order{at}",
    (ChangeKind.ADDED, ChangeReason.SWITCHED_ON): "it was switched on after the order{at}{who}",
    (ChangeKind.ADDED, ChangeReason.CODE_ADDED): "it got the code after the order{at}{who}",
    (ChangeKind.ADDED, ChangeReason.HOURS): "its hours include now, but not the time of the order",
    (ChangeKind.GONE, ChangeReason.DELETED): "it was deleted{at}{who}",
    (ChangeKind.GONE, ChangeReason.ENDED): "it ended{at}",
    (ChangeKind.GONE, ChangeReason.SWITCHED_OFF): "it was switched off{at}{who}",
    (ChangeKind.GONE, ChangeReason.CODE_REMOVED): "the code was removed from it{at}{who}",
    (ChangeKind.GONE, ChangeReason.HOURS): "its hours included the time of the order, but not now",
    (ChangeKind.CHANGED, ChangeReason.EDITED): "it was changed{at}{who}: {fields}",
    (ChangeKind.LIMIT, ChangeReason.USED): "another order used its code{at}",
    (ChangeKind.LIMIT, ChangeReason.TOTAL_LIMIT): "of its limit of orders",
    (ChangeKind.LIMIT, ChangeReason.CUSTOMER_LIMIT): "of its limit for each customer",
    (ChangeKind.LIMIT, ChangeReason.BUDGET): "of its budget",
    (ChangeKind.CUSTOMER, ChangeReason.FIRST_ORDER): (
        "it is for first orders, and the customer's other orders have changed since"
    ),
    (ChangeKind.CATALOGUE, ChangeReason.TAGS): "tags of the products were changed",
    (ChangeKind.FOLLOWS, None): "{causes} made the difference",
    (ChangeKind.UNKNOWN, None): "of a reason that is not stored",
}


def describe_replay(replay: Replay) -> str:
    """Whether the request would cost the same now."""
    if replay.priced is None:
        return NOT_STORED
    money = money_in(replay.then.currency)
    now, then = replay.priced.total, replay.then.total
    if now == then and not replay.differences:
        return f"The same request costs the same now: {money(now)}."
    if now == then:
        return f"The same request costs the same now, {money(now)}, by other promotions."
    word = "more" if now > then else "less"
    return (
        f"The same request costs {money(now)} now, {money(abs(now - then))} {word} than the"
        f" {money(then)} of then."
    )


def describe_difference(
    difference: Difference, currency: str, name_of: Callable[[PromotionRef], str]
) -> str:
    """What a promotion takes off now and took off then, and why they differ."""
    money = money_in(currency)
    then, now = difference.then, difference.now
    if not difference.lines:
        what = "is now picked for other products"
    elif then == now:
        what = f"takes {money(now)} off as then, from other lines"
    else:
        what = f"takes {money(now)} off now instead of {money(then)}"
    because = describe_cause(difference.cause, name_of)
    return f"{join_names([name_of(difference.ref)])} {what}, because {because}."


def describe_cause(cause: Cause, name_of: Callable[[PromotionRef], str]) -> str:
    """Why a promotion takes another amount."""
    return _WHY[cause.kind, cause.reason].format(
        at="" if cause.at is None else f" at {write_instant(cause.at)}",
        who="" if cause.username is None else f" by {cause.username}",
        fields=", ".join(cause.fields),
        causes=join_names(map(name_of, cause.causes)),
    )
