"""What a cart promotion would give on a sample cart if it were saved; nothing is written."""

import dataclasses
from datetime import datetime
from typing import Final

import msgspec

from sconto.domain.bill import PricedCart
from sconto.domain.cart import Cart, Customer, Line
from sconto.domain.cart_draft import CartDraft
from sconto.domain.cart_outcome import CartPromotionOutcome
from sconto.domain.cart_promotion import BuyAndGet, NewCartPromotion, ProductSelection, Target
from sconto.domain.people import Caller
from sconto.domain.preview import preview_time
from sconto.domain.product import Product, ProductQuery
from sconto.operations import products
from sconto.operations.cart_promotions import try_promotion
from sconto.store.database import Database

_SAMPLES: Final = 3
_SEARCHED: Final = 100
_QUANTITY: Final = 2
_SHIPPING: Final = 490
_CODE: Final = "SAMPLE"


@dataclasses.dataclass(frozen=True, slots=True)
class CartPreview:
    """The sample cart at a time, and the result of the draft in it.

    `products` are those of the lines, by id.
    """

    at: datetime
    products: dict[int, Product]
    priced: PricedCart
    outcome: CartPromotionOutcome | None


async def preview_cart_promotion(
    database: Database,
    caller: Caller,
    new: NewCartPromotion,
    now: datetime,
    promotion_id: int | None = None,
) -> CartPreview | None:
    """Price a sample of what the promotion covers, as if it were switched on.

    `promotion_id` is the promotion that it would replace. None if the catalogue has no product that
    it covers. Raises PromotionNotFound.
    """
    samples = (await _covered(database, caller, new.terms.products))[:_SAMPLES]
    if not samples:
        return None
    gotten = await _gotten(database, caller, new, samples)
    at = preview_time(new.period, now)
    codes = () if new.code_type is None else new.codes or (_CODE,)
    draft = CartDraft(msgspec.structs.replace(new, active=True, codes=codes), promotion_id)
    cart = _sample_cart(new, samples, gotten, codes[:1])
    priced = await try_promotion(database, caller, draft, cart, at)
    own = [one for one in priced.cart_promotions if one.promotion_id == (promotion_id or 0)]
    by_id = {product.product_id: product for product in (*samples, *gotten)}
    return CartPreview(at, by_id, priced, own[0] if own else None)


async def _covered(
    database: Database, caller: Caller, selection: ProductSelection
) -> list[Product]:
    """Some products that the selection covers, in one currency."""
    if selection.ids:
        some = sorted(selection.ids)[:_SEARCHED]
        found = list((await products.find_products(database, caller, some)).values())
    else:
        page = await products.list_products(database, caller, ProductQuery(limit=_SEARCHED))
        found = list(page.products)
    covered = [one for one in found if selection.covers(one.product_id, frozenset(one.tags or ()))]
    return [one for one in covered if one.currency == covered[0].currency]


async def _gotten(
    database: Database, caller: Caller, new: NewCartPromotion, samples: list[Product]
) -> list[Product]:
    """A product that the promotion gives, such as a gift, unless it is a sample already."""
    benefit = new.terms.benefit
    if not isinstance(benefit, BuyAndGet) or benefit.get_products is None:
        return []
    given = await _covered(database, caller, benefit.get_products)
    if {one.product_id for one in given} & {one.product_id for one in samples}:
        return []
    return [one for one in given if one.currency == samples[0].currency][:1]


def _sample_cart(
    new: NewCartPromotion, samples: list[Product], gotten: list[Product], codes: tuple[str, ...]
) -> Cart:
    terms = new.terms
    benefit = terms.benefit
    quantity = benefit.buy + benefit.get if isinstance(benefit, BuyAndGet) else _QUANTITY
    lines = [
        Line(str(number), one.product_id, quantity, one.price)
        for number, one in enumerate(samples, 1)
    ]
    if isinstance(benefit, BuyAndGet):
        lines += [Line("0", one.product_id, benefit.get, one.price) for one in gotten]
    customer = Customer(_CODE, terms.conditions.segments) if _needs_customer(new) else Customer()
    shipping = _SHIPPING if terms.target is Target.SHIPPING else None
    return Cart(samples[0].currency, tuple(lines), codes, customer=customer, shipping=shipping)


def _needs_customer(new: NewCartPromotion) -> bool:
    return new.terms.needs_customer or bool(new.terms.conditions.segments)
