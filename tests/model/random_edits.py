"""Random edits of a shop, one for each thing that can change what a cart costs."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from random import Random
from typing import Any, Final

from sconto.domain.cart_promotion import (
    ALL_PRODUCTS,
    NO_LIMITS,
    AmountOff,
    CartTerms,
    Conditions,
    Limits,
    NewCartPromotion,
    PercentOff,
    ProductSelection,
    Target,
)
from sconto.domain.code_pattern import CodePattern
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, Coverage, ListedProducts, OwnPercents
from sconto.domain.hours import Hours
from sconto.domain.money import PERCENT
from sconto.domain.order import OrderStatus
from sconto.domain.people import Caller
from sconto.domain.product import Product
from sconto.domain.promotion import NewPromotion, PromotionChange, PromotionType, Terms
from sconto.domain.schedule import Period
from sconto.operations import (
    cart_promotions,
    checkout,
    code_generation,
    code_imports,
    codes,
    events,
    products,
    promotion_edits,
    promotions,
    retention,
)
from sconto.operations.code_drawing import draw_found_codes
from sconto.operations.code_sweeps import sweep_codes
from sconto.operations.promotion_edits import EditDecision, ProductEdit
from sconto.store.code_timelines import draw_code
from sconto.store.database import Database

PRODUCTS: Final = (1, 2, 3, 4)
TEXTS: Final = ("A", "B", "C", "D", "E", "F")
CUSTOMERS: Final = ("ann", "bob")
TAGS: Final = ("red", "sale")
_MINUTE: Final = timedelta(minutes=1)


@dataclass
class RandomShop:
    """A merchant whose promotions are edited at random, through any of the workers.

    `cart_promotions` says which cart promotions it may have: "none", those that the "cart" alone
    decides, or "any".
    """

    caller: Caller
    random: Random
    now: datetime
    cart_promotions: str
    ids: list[int] = field(default_factory=list)
    cart_ids: list[int] = field(default_factory=list)
    jobs: list[int] = field(default_factory=list)
    order_ids: list[str] = field(default_factory=list)

    async def open(self, worker: Database) -> None:
        """Give each code a promotion, so that carts with codes are cached from the start."""
        for text in TEXTS:
            terms = Terms(self.coverage(), CodeType.REUSABLE, (text,))
            new = NewPromotion(PromotionType.COUPON, "n", True, Period(self.now), terms)
            self.ids.append(await promotions.create_promotion(worker, self.caller, new, self.now))

    async def edit(self, worker: Database) -> str:
        """Make one edit; returns what it was. Raises Problem if Sconto refuses it."""
        some = [*_EDITS, *_EDITS_OF_CODES]
        if self.cart_promotions != "none":
            some += _EDITS_OF_CART_PROMOTIONS
        chosen = self.random.choice(some)
        await chosen(self, worker)
        return chosen.__name__

    def some(self, values: Sequence[Any], most: int) -> list[Any]:
        """At least one of the values, each once."""
        return self.random.sample(values, self.random.randint(1, most))

    def period(self) -> Period:
        """Usually one that runs; others start or end soon."""
        steps = (-600, -5, 0, 1, 5, 600)
        starts_at = self.now + self.random.choice((*steps[:3], -60, -60, 1)) * timedelta(seconds=1)
        starts_at = starts_at.replace(microsecond=0)
        ends_at = None
        if self.random.random() < 0.4:
            ends_at = starts_at + self.random.choice((0, 3, 60, 900)) * timedelta(seconds=1)
        return Period(starts_at, ends_at)

    def coverage(self) -> Coverage:
        """Of all products, or of some."""
        percent = self.random.randint(1, 9) * 10 * PERCENT
        match self.random.randrange(3):
            case 0:
                return AllProducts(percent)
            case 1:
                return ListedProducts(percent, tuple(self.some(PRODUCTS, 3)))
            case _:
                own = self.some(PRODUCTS, 3)
                return OwnPercents({one: self.random.randint(1, 9) * PERCENT for one in own})

    def new_promotion(self) -> NewPromotion:
        """A product promotion, more often with codes than without."""
        is_coupon = self.random.random() < 0.6
        return NewPromotion(
            PromotionType.COUPON if is_coupon else PromotionType.DISCOUNT,
            "n",
            self.random.random() < 0.9,
            self.period(),
            self.terms(is_coupon=is_coupon),
        )

    def terms(self, *, is_coupon: bool) -> Terms:
        """Terms; codes are usually reusable."""
        if not is_coupon:
            return Terms(self.coverage())
        code_type = self.random.choice((*[CodeType.REUSABLE] * 4, None, CodeType.ONE_TIME))
        return Terms(self.coverage(), code_type, tuple(self.some(TEXTS, 2)))

    def new_cart_promotion(self) -> NewCartPromotion:
        """A cart promotion of the kind that the shop may have."""
        random, anything = self.random, self.cart_promotions == "any"
        target = random.choice(tuple(Target))
        benefit = random.choice(
            (PercentOff(random.randint(1, 9) * PERCENT), AmountOff({"EUR": random.randint(1, 500)}))
        )
        selection: ProductSelection = ALL_PRODUCTS
        if target is not Target.SHIPPING and random.random() < 0.4:
            selection = ProductSelection(ids=frozenset(self.some(PRODUCTS, 2)))
            if anything and random.random() < 0.5:
                selection = ProductSelection(tags=frozenset(self.some(TAGS, 1)))
        minimum = {"EUR": random.randint(1, 5000)} if random.random() < 0.2 else None
        segments = frozenset(["vip"]) if random.random() < 0.2 else frozenset[str]()
        is_first = anything and random.random() < 0.2
        limits = NO_LIMITS
        if anything and random.random() < 0.5:
            limits = Limits(
                random.choice((None, 2, 1_003)),
                random.choice((None, None, 1)),
                random.choice((None, {"EUR": random.choice((700, 600_000))})),
            )
        hours = None
        if random.random() < 0.15:
            starts = random.randrange(24)
            hours = Hours(time(starts), time((starts + 12) % 24), "Europe/Moscow")
        terms = CartTerms(
            target,
            benefit,
            hours,
            selection,
            on_discounted=target is not Target.LINES or random.random() < 0.8,
            conditions=Conditions(minimum, None, segments, is_first),
            limits=limits,
            priority=random.choice((0, 0, 1)),
            exclusive=random.random() < 0.3,
        )
        code_type, texts = None, ()
        if anything and random.random() < 0.4:
            code_type = random.choice((CodeType.REUSABLE, CodeType.ONE_TIME))
            texts = tuple(self.some(TEXTS, 1))
        active = random.random() < 0.9
        return NewCartPromotion("n", active, self.period(), terms, code_type, texts)

    def target(self) -> int:
        """A product promotion, more often a late one."""
        return self.random.choice((*self.ids, *self.ids[-3:]))

    def cart_target(self) -> int:
        """A cart promotion."""
        return self.random.choice(self.cart_ids)


async def _create(shop: RandomShop, worker: Database) -> None:
    new = shop.new_promotion()
    shop.ids.append(await promotions.create_promotion(worker, shop.caller, new, shop.now))


async def _change(shop: RandomShop, worker: Database) -> None:
    random, change = shop.random, PromotionChange(active=shop.random.random() < 0.8)
    match random.randrange(4):
        case 0:
            is_coupon = random.random() < 0.6
            type_ = PromotionType.COUPON if is_coupon else PromotionType.DISCOUNT
            change = PromotionChange(type_, terms=shop.terms(is_coupon=is_coupon))
        case 1:
            period = shop.period()
            change = PromotionChange(
                starts_at=period.starts_at, ends_at=period.ends_at, no_end=period.ends_at is None
            )
        case 2:
            change = PromotionChange(name=random.choice("ab"))
    await promotions.change_promotion(worker, shop.caller, shop.target(), change, shop.now)


async def _end_soon(shop: RandomShop, worker: Database) -> None:
    ends_at = (shop.now + timedelta(seconds=2)).replace(microsecond=0)
    await promotions.move_end(worker, shop.caller, shop.target(), ends_at, shop.now)


async def _delete(shop: RandomShop, worker: Database) -> None:
    await promotions.delete_promotion(worker, shop.caller, shop.target(), shop.now)


async def _restore(shop: RandomShop, worker: Database) -> None:
    await promotions.restore_promotion(worker, shop.caller, shop.target(), shop.now)


async def _edit_together(shop: RandomShop, worker: Database) -> None:
    """Two new promotions, kept or only tried."""
    new = [shop.new_promotion() for _ in range(2)]
    decision = EditDecision(tuple(ProductEdit(one) for one in new))
    keep = shop.random.random() < 0.5
    outcome = await promotion_edits.edit_together(
        worker, shop.caller, lambda _: decision, shop.now, keep=keep
    )
    if keep:
        shop.ids += outcome.ids


async def _put_products(shop: RandomShop, worker: Database) -> None:
    tags = tuple(shop.some(TAGS, 2)) if shop.random.random() < 0.6 else ()
    one = Product(shop.random.choice(PRODUCTS), "p", 100, "EUR", tags)
    await products.put_products(worker, shop.caller, [one], shop.now)


async def _delete_product(shop: RandomShop, worker: Database) -> None:
    await products.delete_product(worker, shop.caller, shop.random.choice(PRODUCTS), shop.now)


async def _add_codes(shop: RandomShop, worker: Database) -> None:
    texts = shop.some(TEXTS, 1)
    target = shop.random.choice((shop.target(), *shop.cart_ids))
    if shop.random.random() < 0.5:
        await codes.add_codes(worker, shop.caller, target, texts, shop.now)
    else:
        pieces = ["\n".join(texts).encode()]
        await code_imports.import_codes(worker, shop.caller, target, pieces, shop.now, typed=True)


async def _remove_codes(shop: RandomShop, worker: Database) -> None:
    target = shop.random.choice((shop.target(), *shop.cart_ids))
    await codes.remove_codes(worker, shop.caller, target, shop.some(TEXTS, 2), shop.now)


async def _start_generation(shop: RandomShop, worker: Database) -> None:
    target = shop.random.choice((shop.target(), *shop.cart_ids))
    job = await code_generation.start_generation(
        worker, shop.caller, target, CodePattern(), shop.random.choice((1, 3)), shop.now
    )
    shop.jobs.append(job.id)


async def _generate_some(shop: RandomShop, worker: Database) -> None:
    """One transaction of a generation; the test lets it draw the codes of TEXTS."""
    for job in shop.jobs[-2:]:
        await code_generation.generate_some(worker, shop.caller.merchant_id, job, shop.now)


async def _work_in_background(_: RandomShop, worker: Database) -> None:
    await sweep_codes(worker)
    await draw_found_codes(worker)


async def _draw_codes(shop: RandomShop, worker: Database) -> None:
    for text in TEXTS:
        async with worker.write() as connection:
            await draw_code(connection, shop.caller.merchant_id, text.lower())


async def _record_events(shop: RandomShop, worker: Database) -> None:
    if shop.random.random() < 0.5:
        await events.start_recording(worker, shop.caller, shop.now)
    else:
        await events.stop_recording(worker, shop.caller)


async def _delete_order(shop: RandomShop, worker: Database) -> None:
    if shop.order_ids:
        order_id = shop.random.choice(shop.order_ids)
        status = shop.random.choice((OrderStatus.DELETED, OrderStatus.PAID))
        await checkout.change_order_status(worker, shop.caller, order_id, status, shop.now)


async def _erase_customer(shop: RandomShop, worker: Database) -> None:
    customer = shop.random.choice(CUSTOMERS)
    await retention.erase_customer(worker, shop.caller.merchant_id, customer)


async def _create_cart_promotion(shop: RandomShop, worker: Database) -> None:
    new = shop.new_cart_promotion()
    made = await cart_promotions.create_promotion(worker, shop.caller, new, shop.now)
    shop.cart_ids.append(made.id)


async def _change_cart_promotion(shop: RandomShop, worker: Database) -> None:
    new = shop.new_cart_promotion()
    await cart_promotions.change_promotion(
        worker, shop.caller, shop.cart_target(), lambda _: new, shop.now
    )


async def _switch_cart_promotion(shop: RandomShop, worker: Database) -> None:
    active = shop.random.random() < 0.5
    target = shop.cart_target()
    await cart_promotions.switch_promotion(worker, shop.caller, target, shop.now, active=active)


async def _delete_cart_promotion(shop: RandomShop, worker: Database) -> None:
    await cart_promotions.delete_promotion(worker, shop.caller, shop.cart_target(), shop.now)


async def _restore_cart_promotion(shop: RandomShop, worker: Database) -> None:
    await cart_promotions.restore_promotion(worker, shop.caller, shop.cart_target(), shop.now)


_Edit = Callable[[RandomShop, Database], Awaitable[None]]

_EDITS: Final[Sequence[_Edit]] = (
    _create, _create, _change, _change, _end_soon, _delete, _restore, _edit_together,
    _put_products, _delete_product, _delete_order, _erase_customer, _record_events,
)  # fmt: skip
_EDITS_OF_CODES: Final[Sequence[_Edit]] = (
    _add_codes, _remove_codes, _start_generation, *[_generate_some] * 3, _work_in_background,
    _draw_codes,
)  # fmt: skip
_EDITS_OF_CART_PROMOTIONS: Final[Sequence[_Edit]] = (
    _create_cart_promotion, _create_cart_promotion, _change_cart_promotion, _switch_cart_promotion,
    _delete_cart_promotion, _restore_cart_promotion,
)  # fmt: skip
