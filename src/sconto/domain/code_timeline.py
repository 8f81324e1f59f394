"""The timelines of a code that very many promotions have.

Such a code has timelines as products have for automatic promotions: each says which promotion wins
at which time. For each product that one of its promotions names, and one for all products, there
are two: on one the highest percent wins, which is the rule of the code group (`choice`); on the
other the latest created, which is the one that the outcome of a code names (`code_outcomes`). Four
more name the latest created promotion whose code can be used, is expired, not started, or inactive.

One-time codes are on no timeline, because orders use them up.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, NamedTuple

from sconto.domain.schedule import Span, highest_wins, latest_wins

USABLE: Final = -1
EXPIRED: Final = -2
NOT_STARTED: Final = -3
INACTIVE: Final = -4
"""They stand in place of a product: whatever the products, the promotions in this state."""

BEGINNING: Final = datetime.min.replace(tzinfo=UTC)
"""The start of spans that have none."""


class CodeTimeline(NamedTuple):
    """A timeline of a code: of a product, of all products (0), or of a state.

    `by_percent`: the highest percent wins; else the latest created promotion.
    """

    by_percent: bool
    product_id: int


def draw_timeline(line: CodeTimeline, claims: Iterable[Span]) -> list[Span]:
    """What the timeline shows of these claims, which may overlap."""
    return highest_wins(claims) if line.by_percent else latest_wins(claims)


def loses(shown: Span, claim: Span | None, line: CodeTimeline) -> bool:
    """Whether a shown span of a promotion may show another one now that the promotion claims this.

    It may if the claim no longer covers the span, or ranks lower than it did.
    """
    if claim is None or claim.starts_at > shown.starts_at:
        return True
    if claim.ends_at is not None and (shown.ends_at is None or claim.ends_at < shown.ends_at):
        return True
    return line.by_percent and claim.percent < shown.percent
