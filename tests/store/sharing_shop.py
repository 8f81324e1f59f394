"""A merchant whose promotions share codes, and what the rule makes of them, computed slowly."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import Final

from hypothesis import strategies as st

from sconto.domain.cart import Cart
from sconto.domain.code_outcomes import CodeStatus
from sconto.domain.code_timeline import EXPIRED, INACTIVE, NOT_STARTED, USABLE
from sconto.domain.codes import CodeType
from sconto.domain.coverage import (
    AllProducts,
    Coverage,
    ListedProducts,
    OwnPercents,
)
from sconto.domain.money import PERCENT
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller
from sconto.domain.promotion import NewPromotion, PromotionChange, PromotionType, Terms
from sconto.domain.schedule import INSTANT, Period
from sconto.operations.checkout import place_order, quote
from sconto.operations.codes import add_codes, remove_codes
from sconto.operations.promotions import (
    change_promotion,
    create_promotion,
    delete_promotion,
    restore_promotion,
    switch_promotion,
)
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_line, a_promotion
from tests.store.test_crowded_codes import by_the_rule, obstacle, outcome_of

PRODUCTS: Final = (1, 2, 3)
TEXTS: Final = ("a", "b")
DAY: Final = timedelta(days=1)

STATES: Final = {
    None: USABLE,
    CodeStatus.EXPIRED: EXPIRED,
    CodeStatus.NOT_STARTED: NOT_STARTED,
    CodeStatus.INACTIVE: INACTIVE,
}

Edit = tuple[str, int, NewPromotion]


def percents_of(covered: Coverage) -> Mapping[int, int]:
    """What a promotion that names products gives on each."""
    match covered:
        case ListedProducts(percent=percent, product_ids=product_ids):
            return dict.fromkeys(product_ids, percent)
        case OwnPercents(percents=percents):
            return percents
    raise AssertionError(covered)


def lowered(covered: Coverage) -> Coverage:
    """The same products at other percents: the lowest becomes the highest."""
    if isinstance(covered, AllProducts):
        return AllProducts((covered.percent - PERCENT) or 3 * PERCENT)
    percents = percents_of(covered)
    return OwnPercents({one: (own - PERCENT) or 3 * PERCENT for one, own in percents.items()})


def a_cart_of(*product_ids: int, codes: tuple[str, ...] = TEXTS) -> Cart:
    return a_cart(*(a_line(one, line_id=str(one)) for one in product_ids), codes=codes)


percents = st.integers(1, 3).map(lambda number: number * PERCENT)
days = st.integers(-2, 3).map(lambda number: NOON + number * DAY)
coverages: st.SearchStrategy[Coverage] = (
    st.builds(AllProducts, percents)
    | st.builds(OwnPercents, st.dictionaries(st.sampled_from(PRODUCTS), percents, min_size=1))
    | st.builds(ListedProducts, percents, st.sampled_from([(1,), (2, 3), (3, 1, 2)]))
)


@st.composite
def promotions(draw: st.DrawFn) -> NewPromotion:
    starts_at = draw(days)
    ends_at = draw(st.none() | days | st.just(starts_at))
    return a_promotion(
        coverage=draw(coverages),
        codes=draw(st.sampled_from([TEXTS, TEXTS, ("a",), ("b",), ("c",)])),
        code_type=draw(st.sampled_from([None, CodeType.REUSABLE, CodeType.ONE_TIME])),
        active=draw(st.sampled_from([True, True, True, False])),
        period=Period(starts_at, None if ends_at is None else max(starts_at, ends_at)),
    )


VERBS: Final = (
    "create",
    "create",
    "create",
    "lower",
    "lower",
    "change",
    "switch",
    "delete",
    "restore",
    "add",
    "remove",
)
edits = st.tuples(st.sampled_from(VERBS), st.integers(0, 4), promotions())


class Shop:
    """A merchant, its promotions, those that were deleted, and the codes that are used up."""

    def __init__(self, database: Database, caller: Caller) -> None:
        self.database, self.caller = database, caller
        self.made: dict[int, NewPromotion] = {}
        self.deleted: dict[int, NewPromotion] = {}
        self.used: set[tuple[int, str]] = set()
        self.now = NOON

    async def edit(self, edit: Edit) -> None:
        verb, which, new = edit
        self.now += INSTANT  # a restored promotion has the codes that were removed with it
        kept = self.deleted if verb == "restore" else self.made
        if verb == "create" or not kept:
            self.made[await create_promotion(self.database, self.caller, new, self.now)] = new
            return
        number = list(kept)[which % len(kept)]
        before, place = kept[number], (self.database, self.caller, number)
        match verb:
            case "change":
                change = PromotionChange(
                    PromotionType.COUPON,
                    active=new.active,
                    starts_at=new.period.starts_at,
                    ends_at=new.period.ends_at,
                    no_end=new.period.ends_at is None,
                    terms=new.terms,
                )
                await change_promotion(*place, change, self.now)
                gone = set(before.terms.codes) - set(new.terms.codes)
                self.made[number] = new
            case "lower":
                terms = replace(before.terms, coverage=lowered(before.terms.coverage))
                change = PromotionChange(PromotionType.COUPON, terms=terms)
                await change_promotion(*place, change, self.now)
                self.made[number] = replace(before, terms=terms)
                return
            case "switch":
                await switch_promotion(*place, self.now, active=not before.active)
                self.made[number] = replace(before, active=not before.active)
                return
            case "delete":
                await delete_promotion(*place, self.now)
                self.deleted[number] = self.made.pop(number)
                return
            case "restore":
                await restore_promotion(*place, self.now)
                self.made[number] = self.deleted.pop(number)
                return
            case _:
                gone = await self.change_codes(verb, number, before)
        self.used -= {(number, text) for text in gone}

    async def change_codes(self, verb: str, number: int, before: NewPromotion) -> set[str]:
        """Add the texts that the promotion lacks, or remove its last code; the codes removed."""
        codes = before.terms.codes
        missing, last = tuple(text for text in TEXTS if text not in codes), codes[-1:]
        if verb == "add" and missing:
            await add_codes(self.database, self.caller, number, missing, self.now)
            codes, last = codes + missing, ()
        elif verb == "remove" and last:
            await remove_codes(self.database, self.caller, number, last, self.now)
            codes = codes[:-1]
        terms = Terms(before.terms.coverage, before.terms.code_type, codes)
        self.made[number] = replace(before, terms=terms)
        return set(last) if verb == "remove" else set()

    async def order(self, order_id: str, cart: Cart) -> None:
        """Place an order, which uses up one-time codes."""
        priced = await quote(self.database, self.caller, cart, NOON)
        order = NewOrder(order_id, cart, priced.total)
        placed = await place_order(self.database, self.caller, order, NOON, NOON.date())
        self.used |= {
            (pick.promotion_id, pick.code or "")
            for line in placed.order.outcome.lines
            for pick in line.picks
            if pick.code_type is CodeType.ONE_TIME
        }

    async def require_timelines(self, key: str, moments: list[datetime]) -> None:
        """Each timeline of the code shows the promotion that wins it, if the code is drawn."""
        if not await is_drawn(self.database, self.caller, key):
            return
        async with self.database.read() as connection:
            rows = await connection.fetch(
                "SELECT by_percent, product_id, promotion_id, starts_at <= moment"
                " AND (ends_at IS NULL OR ends_at > moment) AS is_shown, moment"
                " FROM code_picks CROSS JOIN unnest($3::timestamptz[]) AS moment"
                " WHERE merchant_id = $1 AND code_key = $2",
                self.caller.merchant_id,
                key,
                moments,
            )
        shown = {(*row[:2], row["moment"]): row["promotion_id"] for row in rows if row["is_shown"]}
        assert len(shown) == sum(row["is_shown"] for row in rows), "spans overlap"
        assert shown == self.winners(key, moments)

    def winners(self, key: str, moments: list[datetime]) -> dict[tuple[bool, int, datetime], int]:
        """The promotion that wins each timeline of the code at each moment."""
        found: dict[tuple[bool, int, datetime], tuple[int, int]] = {}

        def claim(line: tuple[bool, int, datetime], percent: int, number: int) -> None:
            found[line] = max(found.get(line, (0, 0)), (percent if line[0] else 0, number))

        for moment, (number, new) in product(moments, self.made.items()):
            if key not in new.terms.codes or new.terms.code_type is CodeType.ONE_TIME:
                continue
            status = obstacle(new, False, moment)
            claim((False, STATES[status], moment), 0, number)
            covered = new.terms.coverage
            own = {0: covered.percent} if isinstance(covered, AllProducts) else percents_of(covered)
            for product_id, percent in own.items() if status is None else ():
                for by_percent in (True, False):
                    claim((by_percent, product_id, moment), percent, number)
        return {line: number for line, (_, number) in found.items()}

    async def require_rule(self, cart: Cart, at: datetime) -> None:
        priced = await quote(self.database, self.caller, cart, at)
        assert outcome_of(priced) == by_the_rule(self.made, self.used, cart, at)


async def is_drawn(database: Database, caller: Caller, key: str = "a") -> bool:
    async with database.read() as connection:
        return (
            await connection.fetchval(
                "SELECT is_drawn AND drawn_version = price_version"
                " FROM crowded_codes JOIN timeline_versions USING (merchant_id)"
                " WHERE merchant_id = $1 AND code_key = $2",
                caller.merchant_id,
                key,
            )
            is True
        )
