"""Many edits of a merchant's promotions in one transaction, committed or only tried."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias

from sconto.domain.cart_promotion import NewCartPromotion
from sconto.domain.history import Subject
from sconto.domain.people import Caller
from sconto.domain.preview import PromotionWarning
from sconto.domain.price_changes import PriceChange
from sconto.domain.problems import Problem
from sconto.domain.promotion import NewPromotion, PromotionChange, PromotionType
from sconto.domain.schedule import Period
from sconto.domain.subscription_promotion import SubscriptionTerms
from sconto.operations import cart_promotions, promotions, subscription_promotions
from sconto.operations.price_impact import Drafted, PriceImpact
from sconto.operations.stored_promotions import StoredPromotions, read_locked
from sconto.store import history
from sconto.store import promotions as store
from sconto.store.database import Connection, Database, retrying

_ENTRIES_READ: Final = 100
"""Of the history of one promotion, to find who edited it."""


@dataclass(frozen=True, slots=True)
class ProductEdit:
    """A new product promotion, or the change that turns an existing one into `wanted`."""

    wanted: NewPromotion
    promotion_id: int | None = None
    before: NewPromotion | None = None
    change: PromotionChange | None = None


@dataclass(frozen=True, slots=True)
class CartEdit:
    """A new cart promotion, or a new version of a stored one; without codes it keeps its own."""

    wanted: NewCartPromotion
    promotion_id: int | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionEdit:
    """A new subscription promotion, or the new version of an existing one."""

    wanted: SubscriptionTerms
    promotion_id: int | None = None


@dataclass(frozen=True, slots=True)
class Deletion:
    """The deletion of a product promotion or a cart promotion."""

    promotion_id: int
    is_cart: bool


@dataclass(frozen=True, slots=True)
class Archiving:
    """The archiving of a subscription promotion."""

    promotion_id: int


Edit: TypeAlias = ProductEdit | CartEdit | SubscriptionEdit | Deletion | Archiving


@dataclass(frozen=True, slots=True)
class Check:
    """A check that no user edited the promotion of an edit after a time."""

    edit: int
    subject: Subject
    promotion_id: int
    since: datetime


@dataclass(frozen=True, slots=True)
class LaterEdit:
    """A user has edited the promotion of an edit."""

    edit: int
    username: str
    at: datetime


@dataclass(frozen=True, slots=True)
class EditDecision:
    """What to do with the promotions as they are stored."""

    edits: tuple[Edit, ...] = ()
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the edits did or, unless `kept`, would do. `ids` has the promotion of each edit.

    `warnings` are about the edit of that number. `is_partial` says that the catalogue has more
    products than were priced.
    """

    ids: tuple[int, ...] = ()
    kept: bool = False
    prices: tuple[PriceChange, ...] = ()
    warnings: tuple[tuple[int, PromotionWarning], ...] = ()
    later_edits: tuple[LaterEdit, ...] = ()
    is_partial: bool = False


@dataclass(eq=False)
class EditRefused(Problem):
    """One of the edits is refused, so nothing is written."""

    edit: int
    problem: Problem


class _EditsRolledBack(Exception):
    """Rolls the transaction back."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("not kept")
        self.outcome = outcome


async def edit_together(
    database: Database,
    caller: Caller,
    decide: Callable[[StoredPromotions], EditDecision],
    now: datetime,
    *,
    keep: bool,
    overtake: bool = False,
) -> Outcome:
    """Make all edits that `decide` returns for the stored promotions, or none.

    Without `keep` they are made and rolled back; the outcome is the same. Later edits of users are
    not overwritten, unless `overtake`. Other edits of the merchant wait for this one; orders do
    not. Raises EditRefused, and what `decide` raises.
    """

    async def run() -> Outcome:
        try:
            async with database.write(caller.merchant_id, queue="imports") as connection:
                await store.lock_promotions(connection, caller.merchant_id)
                joined = database.joined(connection)
                decision = decide(await read_locked(joined, connection, caller, now))
                later_edits = await _find_later_edits(connection, caller, decision.checks)
                outcome = await _make_all(joined, caller, decision.edits, now)
                outcome = replace(outcome, later_edits=later_edits)
                if not keep or (later_edits and not overtake):
                    raise _EditsRolledBack(outcome)
        except _EditsRolledBack as undone:
            return undone.outcome
        return replace(outcome, kept=True)

    return await retrying(run)


async def _make_all(
    joined: Database, caller: Caller, edits: Sequence[Edit], now: datetime
) -> Outcome:
    drafted = [
        Drafted(number, edit.promotion_id, edit.before, edit.wanted)
        for number, edit in enumerate(edits)
        if isinstance(edit, ProductEdit)
    ]
    impact = PriceImpact(joined, caller, drafted, _automatic_periods(edits), now)
    if edits:
        await impact.look_before()
    ids = []
    for number, edit in enumerate(edits):
        try:
            ids.append(await _make(joined, caller, edit, now))
        except EditRefused:
            raise
        except Problem as problem:
            raise EditRefused(number, problem) from problem
    if edits:
        await impact.look_after(ids)
    return Outcome(
        tuple(ids),
        prices=tuple(impact.changes),
        warnings=tuple(impact.warnings),
        is_partial=impact.is_partial,
    )


def _automatic_periods(edits: Sequence[Edit]) -> Iterator[Period]:
    """The periods in which edited promotions without codes run."""
    for edit in edits:
        if isinstance(edit, CartEdit) and edit.wanted.code_type is None:
            yield edit.wanted.period
        if isinstance(edit, ProductEdit):
            for one in (edit.before, edit.wanted):
                if one is not None and one.type is PromotionType.DISCOUNT:
                    yield one.period


async def _make(joined: Database, caller: Caller, edit: Edit, now: datetime) -> int:
    """Make one edit; returns the promotion's id."""
    match edit:
        case ProductEdit():
            return await _edit_product_promotion(joined, caller, edit, now)
        case CartEdit():
            return await _edit_cart_promotion(joined, caller, edit, now)
        case SubscriptionEdit():
            return await _edit_subscription_promotion(joined, caller, edit, now)
        case Deletion(promotion_id=found, is_cart=is_cart):
            operations = cart_promotions if is_cart else promotions
            await operations.delete_promotion(joined, caller, found, now)
        case Archiving(promotion_id=found):
            await subscription_promotions.archive_promotion(joined, caller, found, now)
    return edit.promotion_id


async def _edit_product_promotion(
    joined: Database, caller: Caller, edit: ProductEdit, now: datetime
) -> int:
    if edit.promotion_id is None:
        return await promotions.create_promotion(joined, caller, edit.wanted, now)
    assert edit.change is not None, "an edit of a promotion has a change"  # noqa: S101
    await promotions.change_promotion(joined, caller, edit.promotion_id, edit.change, now)
    return edit.promotion_id


async def _edit_cart_promotion(
    joined: Database, caller: Caller, edit: CartEdit, now: datetime
) -> int:
    if edit.promotion_id is None:
        return (await cart_promotions.create_promotion(joined, caller, edit.wanted, now)).id
    await cart_promotions.change_promotion(
        joined, caller, edit.promotion_id, lambda _: edit.wanted, now
    )
    return edit.promotion_id


async def _edit_subscription_promotion(
    joined: Database, caller: Caller, edit: SubscriptionEdit, now: datetime
) -> int:
    if edit.promotion_id is None:
        return (await subscription_promotions.create_promotion(joined, caller, edit.wanted, now)).id
    await subscription_promotions.change_promotion(
        joined, caller, edit.promotion_id, lambda _: edit.wanted, now
    )
    return edit.promotion_id


async def _find_later_edits(
    connection: Connection, caller: Caller, checks: Sequence[Check]
) -> tuple[LaterEdit, ...]:
    found = []
    for check in checks:
        page = await history.list_entries(
            connection, caller.merchant_id, check.subject, check.promotion_id, _ENTRIES_READ
        )
        later = [
            entry
            for entry in page.entries
            if entry.username is not None and entry.recorded_at > check.since
        ]
        if later:
            latest = later[0]
            found.append(LaterEdit(check.edit, latest.username or "", latest.recorded_at))
    return tuple(found)
