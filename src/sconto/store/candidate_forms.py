"""Which of the statements reads the candidates of which carts."""

from collections.abc import Collection
from typing import Final, NamedTuple

from sconto.store.candidate_rows import CandidateRequest
from sconto.store.candidate_statements import (
    READ,
    READ_ALL_WITH_HOLDS,
    READ_CROWDED,
    READ_CROWDED_WITH_CART_PROMOTIONS,
    READ_CROWDED_WITH_HOLDS,
    READ_FOR_QUOTES,
    READ_LISTED,
    READ_PICKS,
    READ_PICKS_AND_TAGS,
    READ_TAGS,
    READ_VERSIONS,
    READ_WITH_BOTH,
    READ_WITH_CART_PROMOTIONS,
    READ_WITH_CART_PROMOTIONS_FOR_QUOTES,
    READ_WITH_CART_PROMOTIONS_WITHOUT_PICKS,
    READ_WITH_HOLDS,
    READ_WITH_HOLDS_WITHOUT_PICKS,
    READ_WITH_SUBSCRIPTION,
    READ_WITHOUT_PICKS,
)


class CandidateStatements(NamedTuple):
    """The statements that read candidates.

    One reads picks. One is for carts whose picks are all cached, and perhaps one for those among
    them that name no order. One is for carts with a code that is on many promotions.
    """

    with_picks: str
    without_picks: str
    crowded: str = READ_CROWDED
    for_quotes: str | None = None

    def choose(self, requests: Collection[CandidateRequest]) -> str:
        """The statement for these requests, without the picks that are cached."""
        if any(one.picks_of for one in requests):
            return self.with_picks
        if self.for_quotes is None or any(one.order_ids for one in requests):
            return self.without_picks
        return self.for_quotes


OF_PRICES: Final = CandidateStatements(READ_PICKS, READ_VERSIONS)
OF_TAGGED_PRICES: Final = CandidateStatements(READ_PICKS_AND_TAGS, READ_TAGS)
OF_LISTED_PRICES: Final = CandidateStatements(READ_LISTED, READ_LISTED)
OF_CARTS: Final = CandidateStatements(READ, READ_WITHOUT_PICKS, for_quotes=READ_FOR_QUOTES)
OF_SUBSCRIPTIONS: Final = CandidateStatements(READ_WITH_SUBSCRIPTION, READ_WITH_SUBSCRIPTION)

WITH_CART_PROMOTIONS: Final = CandidateStatements(
    READ_WITH_CART_PROMOTIONS,
    READ_WITH_CART_PROMOTIONS_WITHOUT_PICKS,
    READ_CROWDED_WITH_CART_PROMOTIONS,
    READ_WITH_CART_PROMOTIONS_FOR_QUOTES,
)
WITH_BOTH: Final = CandidateStatements(
    READ_WITH_BOTH, READ_WITH_BOTH, READ_CROWDED_WITH_CART_PROMOTIONS
)

WITH_HOLDS: Final = CandidateStatements(
    READ_WITH_HOLDS, READ_WITH_HOLDS_WITHOUT_PICKS, READ_CROWDED_WITH_HOLDS
)
ALL_WITH_HOLDS: Final = CandidateStatements(
    READ_ALL_WITH_HOLDS, READ_ALL_WITH_HOLDS, READ_CROWDED_WITH_HOLDS
)
