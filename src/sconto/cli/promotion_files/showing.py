"""A plan and its outcome, in lines for a person."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from sconto.cli.promotion_files.differences import say_differences, say_fields
from sconto.cli.promotion_files.planning import Plan
from sconto.domain.money import format_amount
from sconto.domain.preview import PromotionWarning, WarningKind
from sconto.domain.price_changes import PriceChange
from sconto.operations.catalog_prices import MAX_PRICED
from sconto.operations.promotion_edits import Outcome

_PRICES: Final = 10
"""Products that are shown for each moment; the others are counted."""

_WARNINGS: Final[Mapping[WarningKind, str]] = {
    WarningKind.NEVER_WINS: "never wins: promotion {promotion} comes before it",
    WarningKind.CODE_ELSEWHERE: "promotion {promotion} has {codes} too",
    WarningKind.ALL_FREE: "makes everything free",
    WarningKind.OVER: "has already ended",
    WarningKind.REMOVES_USED: "removes used codes: {codes}",
}


def show_plan(plan: Plan, outcome: Outcome, zone: ZoneInfo) -> Iterator[str]:
    """Each edit with its differences and warnings, then the prices, then a summary."""
    for number, one in enumerate(plan.planned):
        if one.before is None and one.after is not None:
            yield f"+ {one.label}"
            lines = say_fields(one.after)
        elif one.before is not None and one.after is not None:
            yield f"~ {one.label}"
            lines = say_differences(one.before, one.after)
        else:
            yield f"- {one.label}"
            lines = iter(())
        yield from (f"    {line}" for line in lines)
        for edit, warning in outcome.warnings:
            if edit == number:
                yield f"    warning: {_say_warning(warning)}"
        for later in outcome.later_edits:
            if later.edit == number:
                at = later.at.astimezone(zone).isoformat(" ", "seconds")
                yield f"    edited by {later.username} at {at}, after the file was exported"
    yield from _show_prices(outcome, zone)
    yield from (f"  {label} is not in the file, and stays" for label in plan.left)
    yield _summary(plan)


def _summary(plan: Plan) -> str:
    if not plan.planned:
        return f"Nothing to change: {plan.unchanged:,} promotions are as the file says."
    counts = {
        "new": sum(one.before is None for one in plan.planned),
        "changed": sum(None not in (one.before, one.after) for one in plan.planned),
        "deleted": sum(one.after is None for one in plan.planned),
        "unchanged": plan.unchanged,
    }
    said = ", ".join(f"{count:,} {verb}" for verb, count in counts.items() if count)
    return f"Plan {plan.fingerprint}: {said}"


def _say_warning(warning: PromotionWarning) -> str:
    others = warning.count - len(warning.codes)
    codes = ", ".join(warning.codes) + (f" and {others:,} more" if others > 0 else "")
    return _WARNINGS[warning.kind].format(promotion=warning.promotion_id, codes=codes)


def _show_prices(outcome: Outcome, zone: ZoneInfo) -> Iterator[str]:
    def occasion(change: PriceChange) -> tuple[datetime, str]:
        return change.at, change.code or ""

    for (at, code), some in groupby(sorted(outcome.prices, key=occasion), occasion):
        changes = list(some)
        cheaper = sum(one.after < one.before for one in changes)
        of_code = f" with the code {code}" if code else ""
        dearer = f"{len(changes) - cheaper:,} dearer"
        yield f"Prices{of_code} at {_say_time(at, zone)}: {cheaper:,} cheaper, {dearer}"
        for one in changes[:_PRICES]:
            currency = one.product.currency
            before, after = (format_amount(price, currency) for price in (one.before, one.after))
            yield f"    {one.product.product_id} {one.product.name}: {before} → {after} {currency}"
        if (others := len(changes) - _PRICES) > 0:
            yield f"    and {others:,} more"
    if outcome.is_partial:
        yield f"Only the first {MAX_PRICED:,} products were priced."


def _say_time(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(" ", "seconds")
