"""What a merchant asks before saving a promotion: what will it do, and what may be wrong."""

from datetime import datetime
from typing import Final

from sconto.domain.cart import Cart, Line
from sconto.domain.codes import code_key
from sconto.domain.coverage import AllProducts, named_products
from sconto.domain.foresight import (
    Caution,
    CautionKind,
    Draft,
    Foresight,
    find_cautions,
    first_code,
    moment_of,
    sample_prices,
)
from sconto.domain.people import Caller
from sconto.domain.product import Product
from sconto.domain.promotion import NewPromotion, PromotionType
from sconto.store import foresight as store
from sconto.store.candidates import read_candidates
from sconto.store.database import Connection, Database
from sconto.store.promotions import LARGEST

_SAMPLES: Final = 6
_MOST_PRODUCTS: Final = 200
"""Of more products nobody is told that the promotion wins on none of them."""


async def foresee(
    database: Database,
    caller: Caller,
    new: NewPromotion,
    now: datetime,
    promotion_id: int | None = None,
    *,
    keep_codes: bool = False,
) -> Foresight:
    """Sample prices and cautions for a promotion as it would be saved; nothing is written.

    `promotion_id` is the promotion that it would replace, None for a new one; with `keep_codes` the
    codes of that one would stay.
    """
    draft = Draft(new, LARGEST if promotion_id is None else promotion_id)
    async with database.read() as connection:
        products = await _products(connection, caller, new)
        at = moment_of(new.period, now)
        lines = [Line(str(i), p.product_id, 1, p.price) for i, p in enumerate(products[:_SAMPLES])]
        cart = Cart("EUR", tuple(lines), (first_code(draft),))
        found = await read_candidates(connection, caller.merchant_id, cart, at)
        spans = None
        if len(products) <= _MOST_PRODUCTS:
            spans = await store.find_spans(
                connection,
                caller.merchant_id,
                [product.product_id for product in products],
                max(now, new.period.starts_at),
                new.period.ends_at,
            )
        cautions = find_cautions(draft, spans, now)
        if not keep_codes:
            cautions += await _cautions_about_codes(connection, caller, new, promotion_id, now)
    prices = sample_prices(draft, products[:_SAMPLES], found.candidates, at)
    return Foresight(at, prices, tuple(cautions))


async def _products(connection: Connection, caller: Caller, new: NewPromotion) -> list[Product]:
    """Products that the promotion covers: all, or one more than can be looked at."""
    limit = _MOST_PRODUCTS + 1
    if isinstance(new.terms.coverage, AllProducts):
        return await store.first_products(connection, caller.merchant_id, limit)
    named = named_products(new.terms.coverage)[:limit]
    return await store.find_products(connection, caller.merchant_id, named)


async def _cautions_about_codes(
    connection: Connection,
    caller: Caller,
    new: NewPromotion,
    promotion_id: int | None,
    now: datetime,
) -> list[Caution]:
    cautions = []
    keys = [key for code in new.terms.codes if (key := code_key(code)) is not None]
    is_over = new.period.ends_at is not None and new.period.ends_at < now
    if keys and new.type is PromotionType.COUPON and new.active and not is_over:
        elsewhere = await store.find_codes_elsewhere(
            connection, caller.merchant_id, keys, promotion_id or 0, new.period
        )
        by_promotion: dict[int, list[str]] = {}
        for code, other in elsewhere:
            by_promotion.setdefault(other, []).append(code)
        cautions += [
            Caution(CautionKind.CODE_ELSEWHERE, other, tuple(codes), len(codes))
            for other, codes in by_promotion.items()
        ]
    if promotion_id is not None:
        codes, count = await store.find_used_but_gone(
            connection, caller.merchant_id, promotion_id, keys
        )
        if count:
            cautions.append(Caution(CautionKind.REMOVES_USED, promotion_id, codes, count))
    return cautions
