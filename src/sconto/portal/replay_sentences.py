"""Words for the steps of an order's bill, and for what its request would cost now."""

from collections.abc import Callable, Mapping
from typing import Final

from sconto.domain.explained_steps import StepName
from sconto.domain.explanation import ExplainedQuote
from sconto.domain.promotion_kind import PromotionKind
from sconto.domain.replay import Difference, Replay
from sconto.domain.replay_causes import ChangeKind, ChangeReason
from sconto.domain.replay_shares import PromotionRef
from sconto.portal.language import Language
from sconto.portal.words import marked

STEPS: Final[Mapping[StepName, str]] = {
    StepName.PRODUCT_PROMOTIONS: marked("Product promotions"),
    StepName.LINES: marked("Cart promotions on lines"),
    StepName.ORDER: marked("Cart promotions on the order"),
    StepName.SHIPPING: marked("Cart promotions on shipping"),
    StepName.SUBSCRIPTION: marked("The code of the subscription"),
}

CHANGES: Final[Mapping[ChangeKind, str]] = {
    ChangeKind.ADDED: marked("Added"),
    ChangeKind.GONE: marked("Gone"),
    ChangeKind.CHANGED: marked("Changed"),
    ChangeKind.LIMIT: marked("Limit"),
    ChangeKind.CUSTOMER: marked("Customer"),
    ChangeKind.CATALOGUE: marked("Catalogue"),
    ChangeKind.FOLLOWS: marked("Follows"),
    ChangeKind.UNKNOWN: marked("Unknown"),
}

_WHY: Final[Mapping[tuple[ChangeKind, ChangeReason | None], str]] = {
    (ChangeKind.ADDED, ChangeReason.CREATED): marked("It was created after the order."),
    (ChangeKind.ADDED, ChangeReason.STARTED): marked("It started after the order."),
    (ChangeKind.ADDED, ChangeReason.SWITCHED_ON): marked("It was switched on after the order."),
    (ChangeKind.ADDED, ChangeReason.CODE_ADDED): marked("It got the code after the order."),
    (ChangeKind.ADDED, ChangeReason.HOURS): marked(
        "Its hours include now, but did not include then."
    ),
    (ChangeKind.GONE, ChangeReason.DELETED): marked("It was deleted."),
    (ChangeKind.GONE, ChangeReason.ENDED): marked("It is over."),
    (ChangeKind.GONE, ChangeReason.SWITCHED_OFF): marked("It was switched off."),
    (ChangeKind.GONE, ChangeReason.CODE_REMOVED): marked("The code was removed from it."),
    (ChangeKind.GONE, ChangeReason.HOURS): marked(
        "Its hours included then, but do not include now."
    ),
    (ChangeKind.CHANGED, ChangeReason.EDITED): marked("It was changed."),
    (ChangeKind.LIMIT, ChangeReason.USED): marked("Another order used its code."),
    (ChangeKind.LIMIT, ChangeReason.TOTAL_LIMIT): marked("Its limit of orders makes a difference."),
    (ChangeKind.LIMIT, ChangeReason.CUSTOMER_LIMIT): marked(
        "Its limit for each customer makes a difference."
    ),
    (ChangeKind.LIMIT, ChangeReason.BUDGET): marked("Its budget makes a difference."),
    (ChangeKind.CUSTOMER, ChangeReason.FIRST_ORDER): marked(
        "It is for first orders, and the customer's other orders have changed since."
    ),
    (ChangeKind.CATALOGUE, ChangeReason.TAGS): marked("Tags of the products were changed."),
    (ChangeKind.FOLLOWS, None): marked("It follows from %(causes)s."),
    (ChangeKind.UNKNOWN, None): marked("The reason is not stored."),
}


def replay_words(language: Language, replay: Replay) -> str:
    """Whether the request would cost the same now."""
    _ = language.gettext
    if replay.priced is None:
        return _("It cannot be priced now, because its request was not stored.")
    now, then, currency = replay.priced.total, replay.then.total, replay.then.currency
    if now == then:
        if replay.differences:
            return _("The same order costs the same now, but with other promotions.")
        return _("The same order costs the same now.")
    text = (
        _("The same order costs %(now)s now: %(difference)s more.")
        if now > then
        else _("The same order costs %(now)s now: %(difference)s less.")
    )
    return text % {
        "now": language.money(now, currency),
        "difference": language.money(abs(now - then), currency),
    }


def why_words(
    language: Language, difference: Difference, name_of: Callable[[PromotionRef], str]
) -> str:
    """Why a promotion takes another amount off now."""
    cause = difference.cause
    words = language.gettext(_WHY[cause.kind, cause.reason])
    return words % {"causes": ", ".join(f"“{name_of(ref)}”" for ref in cause.causes)}


def namer_of(language: Language, explained: ExplainedQuote) -> Callable[[PromotionRef], str]:
    """A function that names promotions, by reference."""

    def name_of(ref: PromotionRef) -> str:
        is_subscription = ref.kind is PromotionKind.SUBSCRIPTION
        names = explained.subscription_names if is_subscription else explained.names
        if (found := names.get(ref.id)) is not None:
            return found.name
        return language.gettext("Promotion %(id)s") % {"id": ref.id}

    return name_of
