"""The impact of a promotion before it is saved. Nothing is written and nothing is locked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Final

from sconto.domain.candidates import Candidates
from sconto.domain.cart import Cart, Line
from sconto.domain.cart_promotion import NewCartPromotion
from sconto.domain.coverage import AllProducts, named_products, percent_on
from sconto.domain.impact import (
    Impact,
    Overlap,
    Rivals,
    compare_prices,
    price_sample,
    with_rivals,
)
from sconto.domain.numbers import MAX_INT64
from sconto.domain.people import Caller
from sconto.domain.preview import (
    Draft,
    PromotionWarning,
    find_warnings,
    first_code,
    preview_time,
)
from sconto.domain.promotion import NewPromotion, PromotionType
from sconto.domain.schedule import ALL_PRODUCTS_ID, Span
from sconto.operations.previews import distinct_ids, warn_of_codes
from sconto.store import previews, rivals
from sconto.store.candidates import CartAt
from sconto.store.database import Connection, Database, retried
from sconto.store.threads import in_thread

MAX_COMPARED: Final = 500
"""Products whose prices are compared: the first that the promotion names, or of the catalogue."""

MAX_OVERLAPS: Final = 6

_SAMPLES: Final = 3
_NAMED: Final = 20
"""Products below which other promotions are looked for only to name them."""

_QUANTITY: Final = 2


@dataclass(frozen=True, slots=True)
class ImpactQuery:
    """A product promotion to look at; `stored` is the one that it replaces, with its id.

    With `keep_codes` the codes of the stored one stay.
    """

    new: NewPromotion
    stored: tuple[int, NewPromotion] | None = None
    keep_codes: bool = False

    @property
    def named(self) -> list[int] | None:
        """The products that it covers or no longer covers, the former first; None for all."""
        covers = [self.new.terms.coverage]
        if self.stored is not None:
            covers.append(self.stored[1].terms.coverage)
        if any(isinstance(one, AllProducts) for one in covers):
            return None
        return distinct_ids([*chain.from_iterable(named_products(one) for one in covers)])


@retried
async def find_impact(
    database: Database, caller: Caller, query: ImpactQuery, now: datetime
) -> Impact:
    """What saving the product promotion would do, now or at its start, with warnings.

    Products that the stored promotion no longer covers get dearer. A draft that is switched off is
    treated as if it were on. It takes two statements, and one more each for codes, for names, and
    for promotions that the stored one keeps from winning.
    """
    new = query.new
    merchant_id, at = caller.merchant_id, preview_time(new.period, now)
    own_id, before = (MAX_INT64, None) if query.stored is None else query.stored
    named = await in_thread(lambda: query.named)
    left = replace(new.period, starts_at=max(now, new.period.starts_at))
    draft = Draft(replace(new, active=True), own_id)
    async with database.read(merchant_id) as connection:
        around = await previews.find_covered_products(
            connection, merchant_id, named, MAX_COMPARED, left
        )
        compared = around.products[:MAX_COMPARED]
        warnings = _warnings(Draft(new, own_id), around.spans, now)
        names: dict[int, str] = {}
        if not query.keep_codes:
            stored_id = None if query.stored is None else own_id
            of_codes, known = await warn_of_codes(connection, caller, new, stored_id, left)
            warnings += of_codes
            names |= known
    lines = [Line(str(i), p.product_id, 1, p.price) for i, p in enumerate(compared)]
    cart = Cart("EUR", tuple(lines), (first_code(draft),))
    found = await database.carts.read(merchant_id, CartAt(cart, at, with_cart_promotions=True))
    async with database.read(merchant_id) as connection:
        others, known = await _find_others(connection, caller, found, draft, at)
        names |= known
        picked = {one.promotion_id for one in (*others.specific.values(), others.everywhere) if one}
        unnamed = (picked | {one.promotion_id for one in warnings}) - {None, own_id, *names}
        if unnamed:
            names |= await previews.find_names(connection, merchant_id, unnamed)
    candidates = with_rivals(found, others)
    old = None if before is None or not _runs(before, at) else Draft(before, own_id)
    compare = partial(compare_prices, compared, candidates, old, draft, at)
    changes, prices = await in_thread(compare) if len(compared) > _SAMPLES else compare()
    samples = [one for one in compared if one.currency == compared[0].currency][:_SAMPLES]
    return Impact(
        at,
        changes,
        prices,
        len(around.products) > MAX_COMPARED,
        _overlaps(others, names),
        warnings,
        [one for one in around.unknown if percent_on(new.terms.coverage, one) is not None],
        names if before is None else {**names, own_id: before.name},
        price_sample(samples, candidates, draft, _QUANTITY, at),
        {one.product_id: one for one in compared},
    )


async def _find_others(
    connection: Connection, caller: Caller, found: Candidates, draft: Draft, at: datetime
) -> tuple[Rivals, Mapping[int, str]]:
    """The automatic picks as if the promotion did not exist, and names of some.

    Timelines show the winners. So other promotions are read only where the winner is this
    promotion. Where the draft still covers a product, it wins again; there a few are enough for the
    names.
    """
    own_id, new = draft.id, draft.promotion
    own = [one for one, pick in found.specific.items() if pick.promotion_id == own_id]
    if new.type is PromotionType.DISCOUNT and not isinstance(new.terms.coverage, AllProducts):
        kept = {one for one in own if percent_on(new.terms.coverage, one) is not None}
        own = [*(one for one in own if one not in kept), *sorted(kept)[:_NAMED]]
    everywhere = found.everywhere
    is_everywhere = everywhere is not None and everywhere.promotion_id == own_id
    if not own and not is_everywhere:
        return Rivals(everywhere, found.specific), {}
    revealed, names = await rivals.find_rivals(connection, caller.merchant_id, own, own_id, at)
    specific = {one: pick for one, pick in found.specific.items() if pick.promotion_id != own_id}
    return (
        Rivals(
            revealed.everywhere if is_everywhere else everywhere, {**specific, **revealed.specific}
        ),
        names,
    )


def _warnings(
    draft: Draft, spans: Mapping[int, Sequence[Span]] | None, now: datetime
) -> list[PromotionWarning]:
    """The warnings about the products that the draft covers."""
    if spans is not None:
        coverage = draft.promotion.terms.coverage
        spans = {
            one: of_product
            for one, of_product in spans.items()
            if one == ALL_PRODUCTS_ID or percent_on(coverage, one) is not None
        }
    return find_warnings(draft, spans, now)


@retried
async def find_cart_overlaps(
    database: Database, caller: Caller, new: NewCartPromotion, now: datetime, own_id: int | None
) -> list[Overlap]:
    """Automatic cart promotions that run at the same time in the same step of pricing."""
    period = replace(new.period, starts_at=max(now, new.period.starts_at))
    async with database.read(caller.merchant_id) as connection:
        return await rivals.find_cart_overlaps(
            connection,
            caller.merchant_id,
            new.terms.target,
            own_id or 0,
            period,
            MAX_OVERLAPS,
        )


def _overlaps(others: Rivals, names: dict[int, str]) -> list[Overlap]:
    counts: dict[int, int] = {}
    for pick in others.specific.values():
        counts[pick.promotion_id] = counts.get(pick.promotion_id, 0) + 1
    found = [Overlap(one, names.get(one, str(one)), number) for one, number in counts.items()]
    if others.everywhere is not None:
        one = others.everywhere.promotion_id
        found.append(Overlap(one, names.get(one, str(one))))
    return sorted(found, key=lambda overlap: -(overlap.products or 0))


def _runs(promotion: NewPromotion, at: datetime) -> bool:
    """Whether a stored promotion gives its discount at a time."""
    period = promotion.period
    over_from = period.over_from
    return promotion.active and period.starts_at <= at and (over_from is None or at < over_from)
