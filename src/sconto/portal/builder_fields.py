"""The fields of the builder: one form for product and cart promotions, as it was typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from zoneinfo import ZoneInfo

from sconto.domain.cart_promotion import CartPromotion, NewCartPromotion, Target
from sconto.domain.promotion import NewPromotion, Promotion
from sconto.portal.benefit_fields import BenefitFields
from sconto.portal.builder_kinds import GIFT, KINDS, is_cart, kind_of_terms, kind_of_type
from sconto.portal.cart_promotion_fields import CartPromotionFields
from sconto.portal.cart_promotion_fields import fields_of as cart_fields_of
from sconto.portal.cart_promotion_fields import read_fields as read_cart_fields
from sconto.portal.faults import Faults
from sconto.portal.language import Language
from sconto.portal.product_rows import rows_of
from sconto.portal.promotion_fields import (
    PromotionFields,
    all_products,
    fields_of,
    note_lines,
    read_fields,
)
from sconto.portal.typed_values import words_of

SHORT: Final = 64 * 1024
"""Characters of codes and products that are read without a thread."""

_FIRST_BENEFIT: Final = BenefitFields(buy="2", get="1", get_percent="100")


@dataclass(frozen=True, slots=True)
class GiftFields:
    """The texts about a gift: which products, how many of them, and for how many bought."""

    products: str = ""
    units: str = "1"
    buy: str = "1"


@dataclass(frozen=True, slots=True)
class BuilderFields:
    """The texts of the form. Both kinds of promotions have the common ones, and the products."""

    what: str = "sale"
    own: PromotionFields = field(default_factory=PromotionFields)
    cart: CartPromotionFields = field(
        default_factory=lambda: CartPromotionFields(benefit=_FIRST_BENEFIT)
    )
    gift: GiftFields = GiftFields()

    @property
    def is_cart(self) -> bool:
        """Whether it describes a cart promotion."""
        return is_cart(self.what)

    @property
    def is_long(self) -> bool:
        """Whether reading it takes long."""
        return len(self.own.codes) + len(self.own.products) > SHORT


@dataclass(frozen=True, slots=True)
class ReadBuilder:
    """The promotion that the fields describe, of one kind or the other, or the faults by field."""

    promotion: NewPromotion | None = None
    cart: NewCartPromotion | None = None
    faults: Mapping[str, str] = field(default_factory=dict)


def fields_of_promotion(promotion: Promotion, zone: ZoneInfo) -> BuilderFields:
    """The fields for a stored product promotion."""
    own = fields_of(promotion, zone)
    return with_common(BuilderFields(kind_of_type(promotion.summary.type), own))


def fields_of_cart(
    promotion: CartPromotion, codes: Sequence[str] | None, zone: ZoneInfo
) -> BuilderFields:
    """The fields for a stored cart promotion; `codes` None keeps the codes it has."""
    cart = cart_fields_of(promotion, codes, zone)
    what = kind_of_terms(promotion.terms)
    gift = GiftFields()
    if what == GIFT:
        benefit = cart.benefit
        gift = GiftFields(benefit.get_products, benefit.get, benefit.buy)
    rows = rows_of((one, "") for one in sorted(promotion.terms.products.ids))
    own = PromotionFields(
        name=cart.name,
        active=cart.active,
        starts_at=cart.starts_at,
        ends_at=cart.ends_at,
        coverage="listed",
        products=cart.products if rows is None else "",
        rows=rows or (),
        code_type=cart.code_type,
        codes=cart.codes,
        keep_codes=cart.keep_codes,
    )
    return BuilderFields(what, own, cart, gift)


def with_common(fields: BuilderFields) -> BuilderFields:
    """The fields, with the product promotion's common ones copied to the cart promotion's."""
    own = fields.own
    cart = replace(
        fields.cart,
        name=own.name,
        active=own.active,
        starts_at=own.starts_at,
        ends_at=own.ends_at,
        code_type=own.code_type,
        codes=own.codes,
        keep_codes=own.keep_codes,
    )
    return replace(fields, cart=cart)


def cart_fields(fields: BuilderFields) -> CartPromotionFields:
    """The fields of the cart promotion that the kind and the common fields describe."""
    kind, cart = KINDS[fields.what], fields.cart
    benefit = replace(cart.benefit, kind=kind.benefit)
    if fields.what == "shipping":
        if benefit.amounts and benefit.percent in ("", "100"):
            benefit = replace(benefit, kind="amount", percent="")
        else:
            benefit = replace(benefit, percent=benefit.percent or "100")
    if fields.what == GIFT:
        gift = fields.gift
        benefit = replace(
            benefit,
            buy=gift.buy,
            get=gift.units,
            get_percent="100",
            get_products=gift.products,
            get_tags="",
        )
    ids = [row.product_id for row in fields.own.rows]
    return replace(
        cart,
        benefit=benefit,
        target=kind.target or cart.target or Target.ORDER,
        first_order=cart.first_order or fields.what == "first-order",
        products=" ".join([*ids, *words_of(fields.own.products)]),
    )


def product_fields(fields: BuilderFields) -> PromotionFields:
    """The fields of the product promotion that the kind describes."""
    return replace(fields.own, type=KINDS[fields.what].type or "")


def read_builder(
    fields: BuilderFields,
    language: Language,
    stored: Promotion | None = None,
    stored_cart: CartPromotion | None = None,
    *,
    codes_later: bool = False,
) -> ReadBuilder:
    """The promotion that the fields describe, or every fault by field.

    Fields that were not touched keep the exact value of the stored promotion. `codes_later` allows
    a promotion with a code to have none yet.
    """
    faults = Faults()
    if fields.what not in KINDS:
        faults.note("what", language.gettext("Choose one."))
        others = read_builder(replace(fields, what="sale"), language, codes_later=True)
        return ReadBuilder(faults={**faults, **others.faults})
    if not fields.is_cart:
        own = read_fields(product_fields(fields), language, stored, codes_later=codes_later)
        return ReadBuilder(own.promotion, faults=own.faults)
    note_lines("products", fields.own.product_faults, language, faults)
    note_lines("codes", fields.own.code_faults, language, faults)
    if fields.what == GIFT and not fields.gift.products:
        faults.note("get_products", language.gettext("Name the gift: at least one product id."))
    typed = cart_fields(fields)
    if codes_later:
        typed = replace(typed, keep_codes=typed.keep_codes or not typed.codes)
    read = read_cart_fields(typed, language, stored_cart)
    faults.update({name: text for name, text in read.faults.items() if name not in faults})
    return ReadBuilder(cart=None if faults else read.promotion, faults=faults)


def compared(fields: BuilderFields) -> dict[str, object]:
    """The fields of the form's kind, by name, for the comparison of two people's forms."""
    if not fields.is_cart:
        own = product_fields(fields)
        return {
            "name": own.name,
            "active": own.active,
            "type": own.type,
            "coverage": own.coverage,
            "percent": "" if own.coverage == "own" else own.percent,
            "products": "" if own.coverage == "all" else all_products(own),
            "code_type": own.code_type if own.type == "coupon" else "",
            "codes": own.codes if own.type == "coupon" else "",
            "starts_at": own.starts_at,
            "ends_at": own.ends_at,
        }
    typed = cart_fields(fields)
    flat: dict[str, object] = {}
    for part in (typed, typed.benefit):
        flat |= {name: getattr(part, name) for name in type(part).__dataclass_fields__}
    del flat["benefit"]
    return flat
