"""Previews of promotions that are not saved yet: sample prices, and warnings."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sconto.domain.cart import Cart, Line
from sconto.domain.codes import code_key
from sconto.domain.coverage import AllProducts, named_products
from sconto.domain.numbers import MAX_INT64
from sconto.domain.people import Caller
from sconto.domain.preview import (
    Draft,
    Preview,
    PromotionWarning,
    WarningKind,
    find_warnings,
    first_code,
    preview_time,
    sample_prices,
)
from sconto.domain.promotion import LONG_LIST, NewPromotion, PromotionType
from sconto.domain.schedule import Period
from sconto.store import previews as store
from sconto.store.candidates import read_candidates
from sconto.store.database import Connection, Database, retried
from sconto.store.threads import in_thread

_SAMPLES: Final = 6
_MAX_PRODUCTS: Final = 200
"""With more products, no warning says that the promotion wins on none of them."""


@retried
async def preview_promotion(
    database: Database,
    caller: Caller,
    new: NewPromotion,
    now: datetime,
    promotion_id: int | None = None,
    *,
    keep_codes: bool = False,
) -> Preview:
    """Sample prices and warnings for a promotion as it would be saved; nothing is written.

    `promotion_id` is the promotion that it would replace, None for a new one; with `keep_codes` the
    codes of that one would stay. It takes two statements, one more if codes may be affected, and
    one for the names of promotions in warnings.
    """
    draft = Draft(new, MAX_INT64 if promotion_id is None else promotion_id)
    named = None
    if not isinstance(new.terms.coverage, AllProducts):
        every = named_products(new.terms.coverage)
        named = (
            distinct_ids(every) if len(every) <= LONG_LIST else await in_thread(distinct_ids, every)
        )
    left = replace(new.period, starts_at=max(now, new.period.starts_at))
    async with database.read(caller.merchant_id) as connection:
        around = await store.find_covered_products(
            connection, caller.merchant_id, named, _MAX_PRODUCTS, left
        )
        at = preview_time(new.period, now)
        samples = around.products[:_SAMPLES]
        lines = [Line(str(i), p.product_id, 1, p.price) for i, p in enumerate(samples)]
        cart = Cart("EUR", tuple(lines), (first_code(draft),))
        candidates = await read_candidates(
            connection, database.pick_cache, caller.merchant_id, cart, at
        )
        warnings = find_warnings(draft, around.spans, now)
        names: dict[int, str] = {}
        if not keep_codes:
            of_codes, known = await warn_of_codes(connection, caller, new, promotion_id, left)
            warnings += of_codes
            names |= known
        others = {one.promotion_id for one in warnings} - {None, promotion_id, *names}
        if others:
            names |= await store.find_names(connection, caller.merchant_id, others)
    prices = sample_prices(draft, samples, candidates, at)
    return Preview(at, prices, tuple(warnings), tuple(around.unknown), names)


async def warn_of_codes(
    connection: Connection,
    caller: Caller,
    new: NewPromotion,
    promotion_id: int | None,
    left: Period,
) -> tuple[list[PromotionWarning], Mapping[int, str]]:
    """What saving a promotion would do to codes, and the names of others that have them.

    `left` is the rest of its period.
    """
    codes = new.terms.codes
    keys = _keys_of(codes) if len(codes) <= LONG_LIST else await in_thread(_keys_of, codes)
    if not keys and promotion_id is None:
        return [], {}
    has_time = left.over_from is None or left.over_from > left.starts_at
    serves = new.type is PromotionType.COUPON and new.active and has_time
    at_stake = await store.find_affected_codes(
        connection, caller.merchant_id, promotion_id, keys, left if serves else None
    )
    by_promotion: dict[int, list[str]] = {}
    for code, other in at_stake.elsewhere:
        by_promotion.setdefault(other, []).append(code)
    warnings = [
        PromotionWarning(WarningKind.CODE_ELSEWHERE, other, tuple(codes), len(codes))
        for other, codes in by_promotion.items()
    ]
    if at_stake.gone:
        warnings.append(
            PromotionWarning(
                WarningKind.REMOVES_USED, promotion_id, at_stake.gone, at_stake.gone_count
            )
        )
    return warnings, at_stake.names


def distinct_ids(product_ids: Sequence[int]) -> list[int]:
    """The ids in their order, each once."""
    return list(dict.fromkeys(product_id for product_id in product_ids))


def _keys_of(codes: Sequence[str]) -> list[str]:
    return [key for code in codes if (key := code_key(code)) is not None]
