"""Words for the outcome of a promotion on a product, and of a code in a cart."""

from collections.abc import Mapping
from typing import Final

from sconto.domain.choice import Group
from sconto.domain.code_outcomes import CodeOutcome, CodeStatus
from sconto.domain.explanation import PromotionOutcome, PromotionStatus
from sconto.domain.subscription import CodeReason
from sconto.portal.language import Language
from sconto.portal.words import marked

GROUPS: Final[Mapping[Group, str]] = {
    Group.CODE: marked("by code"),
    Group.AUTOMATIC_SPECIFIC: marked("automatic, on certain products"),
    Group.AUTOMATIC_ALL: marked("automatic, on all products"),
}

_STATUSES: Final[Mapping[PromotionStatus, str]] = {
    PromotionStatus.APPLIED: marked("This is what the customer gets."),
    PromotionStatus.LOWER_DISCOUNT: marked("Another promotion gives more."),
    PromotionStatus.TIE: marked(
        "Another gives as much: then one by code comes first, then one on certain products."
    ),
    PromotionStatus.LATER_CODE: marked("A code that was activated later was picked."),
    PromotionStatus.SAME_CODE: marked(
        "Another promotion with the same code gives more, or as much and was created later."
    ),
    PromotionStatus.LATER_CREATED: marked(
        "One of the same kind was created later, and only that counts."
    ),
    PromotionStatus.NOT_COVERED: marked("It is not on this product."),
    PromotionStatus.USED: marked("The code was used on %(time)s."),
    PromotionStatus.EXPIRED: marked("It ended on %(time)s."),
    PromotionStatus.NOT_STARTED: marked("It starts on %(time)s."),
    PromotionStatus.INACTIVE: marked("It is switched off."),
}

_CODES: Final[Mapping[CodeStatus, tuple[str, str, str]]] = {
    CodeStatus.APPLIED: ("good", marked("Applied"), marked("It gives a discount.")),
    CodeStatus.OUTDONE: (
        "warn",
        marked("Beaten by a better offer"),
        marked("It was picked, but another promotion gives more."),
    ),
    CodeStatus.NOT_PICKED: (
        "warn",
        marked("Replaced by a later code"),
        marked("A later code was picked, or another promotion with the same code."),
    ),
    CodeStatus.CONDITIONS_NOT_MET: (
        "warn",
        marked("Conditions not met"),
        marked("The cart does not meet the conditions of its promotion."),
    ),
    CodeStatus.LIMIT_REACHED: (
        "bad",
        marked("Limit reached"),
        marked("A limit of its promotion is reached."),
    ),
    CodeStatus.NOT_APPLICABLE: (
        "warn",
        marked("Not applicable"),
        marked("It is on no product of this cart."),
    ),
    CodeStatus.USED: ("bad", marked("Used"), marked("An order used it on %(time)s.")),
    CodeStatus.EXPIRED: ("bad", marked("Expired"), marked("It ended on %(time)s.")),
    CodeStatus.NOT_STARTED: ("bad", marked("Scheduled"), marked("It starts on %(time)s.")),
    CodeStatus.INACTIVE: ("bad", marked("Off"), marked("Its promotion is switched off.")),
    CodeStatus.UNKNOWN: ("bad", marked("Unknown"), marked("No promotion has this code.")),
}

_SUBSCRIPTION_CODES: Final[Mapping[CodeReason | None, str]] = {
    None: marked("This is what the customer gets."),
    CodeReason.LOWER_DISCOUNT: marked("Another code gives more."),
    CodeReason.TIE: marked("Another code gives as much, and comes first."),
    CodeReason.NO_RULE: marked("None of its rules is for this order."),
    CodeReason.UNKNOWN: marked("No promotion has this code."),
}


_HELD: Final = marked("It is held for another order until %(time)s.")


def outcome_words(language: Language, considered: PromotionOutcome) -> str:
    """Why the promotion did or did not apply to the product."""
    if considered.held_until is not None:
        return language.gettext(_HELD) % {"time": language.instant(considered.held_until)}
    text = language.gettext(_STATUSES[considered.status])
    at = considered.time_behind
    return text if at is None else text % {"time": language.instant(at)}


def outcome_state(language: Language, considered: PromotionOutcome) -> tuple[str, str]:
    """The mark of the promotion's outcome on the product, and a word for it."""
    _ = language.gettext
    match considered.status:
        case PromotionStatus.APPLIED:
            return "good", _("Applied")
        case PromotionStatus.LOWER_DISCOUNT | PromotionStatus.TIE:
            return "warn", _("Beaten by a better offer")
        case PromotionStatus.LATER_CODE | PromotionStatus.SAME_CODE:
            return "warn", _("Replaced by a later code")
        case PromotionStatus.LATER_CREATED:
            return "warn", _("Replaced by a newer promotion")
    return "", _("Not possible")


def code_words(language: Language, outcome: CodeOutcome) -> tuple[str, str, str]:
    """The mark of the code's state, the state, and the reason."""
    mark, state, reason = _CODES[outcome.status]
    if outcome.held_until is not None:
        held = language.gettext(_HELD) % {"time": language.instant(outcome.held_until)}
        return mark, language.gettext("Held"), held
    at = outcome.starts_at or outcome.ended_at or outcome.used_at
    text = language.gettext(reason)
    return (
        mark,
        language.gettext(state),
        text if at is None else text % {"time": language.instant(at)},
    )


def subscription_code_words(language: Language, reason: CodeReason | None) -> str:
    """Why a code of the subscription has an effect, or none."""
    return language.gettext(_SUBSCRIPTION_CODES[reason])
