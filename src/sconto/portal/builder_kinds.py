"""The kinds of promotions, in a shop's words; each kind fills the form with its own values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sconto.domain.cart_promotion import (
    AmountOff,
    BuyAndGet,
    CartTerms,
    FixedPrice,
    PercentOff,
    ProductSelection,
    Target,
    Tiers,
)
from sconto.domain.money import FULL_PERCENT
from sconto.domain.promotion import PromotionType
from sconto.portal.words import marked


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind as its tile shows it.

    `type` is set for kinds that take a percent off products. `benefit` and `target` are those of
    the others; without `target` the form chooses one.
    """

    name: str
    example: str
    icon: str
    type: PromotionType | None = None
    benefit: str = ""
    target: Target | None = None


KINDS: Final[Mapping[str, Kind]] = {
    "sale": Kind(
        marked("Percent off products"),
        marked("Sale prices: 20 percent off tea, for everybody"),
        "tag",
        PromotionType.DISCOUNT,
    ),
    "code": Kind(
        marked("Percent with a code"),
        marked("15 percent for shoppers who enter WELCOME15"),
        "ticket-percent",
        PromotionType.COUPON,
    ),
    "amount": Kind(
        marked("Amount off"),
        marked("10.00 EUR off orders from 50.00 EUR"),
        "banknote",
        None,
        "amount",
    ),
    "percent": Kind(
        marked("Percent off the order"),
        marked("20 percent off, at most 50.00 EUR"),
        "percent",
        None,
        "percent",
    ),
    "tiers": Kind(
        marked("Spend more, save more"),
        marked("5 percent from 50.00 EUR, 10 percent from 100.00 EUR"),
        "trending-up",
        None,
        "tiers",
    ),
    "units": Kind(
        marked("Three for two"),
        marked("Buy two, get one; or the second at half price"),
        "layers",
        None,
        "units",
        Target.LINES,
    ),
    "shipping": Kind(
        marked("Free shipping"),
        marked("From 75.00 EUR, or for members"),
        "truck",
        None,
        "percent",
        Target.SHIPPING,
    ),
    "gift": Kind(
        marked("Gift"),
        marked("A free tea tin with orders from 60.00 EUR"),
        "gift",
        None,
        "units",
        Target.LINES,
    ),
    "first-order": Kind(
        marked("First order"),
        marked("20 percent for new customers"),
        "user-plus",
        None,
        "percent",
        Target.ORDER,
    ),
    "price": Kind(
        marked("Fixed price"),
        marked("Each of these for 15.00 EUR"),
        "coins",
        None,
        "price",
        Target.LINES,
    ),
}
"""The kinds by the value of the form's field `what`, in the order of the tiles."""

GIFT: Final = "gift"

OLD_NAMES: Final[Mapping[str, str]] = {"discount": "sale", "coupon": "code"}
"""What earlier addresses call a kind."""


def sent_kind(what: str, promotion_type: str, benefit: str, target: str) -> str:
    """The kind that a form names; forms of earlier versions name a type, or a benefit."""
    if what or not benefit:
        return what or OLD_NAMES.get(promotion_type, "")
    is_shipping = target == Target.SHIPPING and benefit in ("percent", "amount")
    return "shipping" if is_shipping else benefit


def is_cart(what: str) -> bool:
    """Whether the kind is a cart promotion. Merchants need not know."""
    return what in KINDS and KINDS[what].type is None


def kind_of_type(promotion_type: PromotionType) -> str:
    """The kind of a stored product promotion."""
    return "code" if promotion_type is PromotionType.COUPON else "sale"


def kind_of_terms(terms: CartTerms) -> str:
    """The kind as which the form shows a stored cart promotion."""
    match terms.benefit:
        case PercentOff() | AmountOff() if terms.target is Target.SHIPPING:
            return "shipping"
        case PercentOff():
            is_first = terms.conditions.first_order and terms.target is Target.ORDER
            return "first-order" if is_first else "percent"
        case AmountOff():
            return "amount"
        case FixedPrice():
            return "price"
        case Tiers():
            return "tiers"
        case BuyAndGet(percent=percent, get_products=gifts):
            named = None if gifts is None else ProductSelection(gifts.ids)
            return GIFT if percent == FULL_PERCENT and gifts and gifts == named else "units"
