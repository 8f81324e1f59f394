"""What a promotion would do if it were saved."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.domain.candidates import AutomaticPick, Candidates
from sconto.domain.coverage import AllProducts, Coverage, ListedProducts, OwnPercents
from sconto.domain.money import PERCENT
from sconto.domain.preview import (
    Draft,
    PromotionWarning,
    WarningKind,
    find_rival,
    find_warnings,
    preview_time,
    sample_prices,
)
from sconto.domain.schedule import ALL_PRODUCTS_ID, Span
from tests.builders import NOON, a_period, a_product, a_promotion

NEW = 2**63 - 1
DAY = timedelta(days=1)
TEN_ON_ONE = ListedProducts(10 * PERCENT, (1,))
TEN_ON_ALL = AllProducts(10 * PERCENT)


def a_draft(
    coverage: Coverage = TEN_ON_ALL,
    *,
    id_: int = NEW,
    codes: tuple[str, ...] = (),
    ends_at: datetime | None = None,
    active: bool = True,
) -> Draft:
    period = a_period(ends_at=ends_at)
    return Draft(a_promotion(coverage=coverage, codes=codes, period=period, active=active), id_)


def a_span(
    percent: int,
    promotion_id: int = 7,
    starts_at: datetime = NOON - DAY,
    ends_at: datetime | None = None,
) -> Span:
    return Span(starts_at, ends_at, promotion_id, percent * PERCENT)


def spans(on_one: Sequence[Span] = (), on_all: Sequence[Span] = ()) -> Mapping[int, Sequence[Span]]:
    return {ALL_PRODUCTS_ID: on_all, 1: on_one}


@pytest.mark.parametrize(
    ("draft", "around", "rival"),
    [
        # A promotion with codes wins ties.
        (a_draft(codes=("A",)), spans(on_all=[a_span(10)]), None),
        (a_draft(codes=("A",)), spans(on_all=[a_span(11)]), 7),
        (a_draft(codes=("A",)), spans(on_one=[a_span(11)]), 7),
        # A promotion on specific products wins ties against one on all.
        (a_draft(TEN_ON_ONE), spans(on_all=[a_span(10)]), None),
        (a_draft(TEN_ON_ONE), spans(on_all=[a_span(11)]), 7),
        (a_draft(TEN_ON_ALL), spans(on_one=[a_span(10)]), 7),
        (a_draft(TEN_ON_ALL), spans(on_one=[a_span(9)]), None),
        # In an automatic group the latest created wins, whatever its percent.
        (a_draft(TEN_ON_ONE), spans(on_one=[a_span(90)]), None),
        (a_draft(TEN_ON_ONE, id_=5), spans(on_one=[a_span(1)]), 7),
        (a_draft(TEN_ON_ALL, id_=5), spans(on_all=[a_span(1)]), 7),
        # The stored version of the draft is not a rival.
        (a_draft(TEN_ON_ONE, id_=7), spans(on_one=[a_span(50)]), None),
    ],
)
def test_a_promotion_that_never_wins_has_a_rival(
    draft: Draft, around: Mapping[int, Sequence[Span]], rival: int | None
) -> None:
    assert find_rival(draft, around, NOON) == rival


def test_a_promotion_with_a_gap_is_not_a_rival() -> None:
    draft = a_draft(TEN_ON_ONE, ends_at=NOON + 3 * DAY)
    morning = a_span(50, ends_at=NOON + DAY)
    for start, rival in ((NOON + DAY, 7), (NOON + DAY + timedelta(seconds=1), None)):
        around = spans(on_all=[morning, a_span(50, starts_at=start)])
        assert find_rival(draft, around, NOON) == rival


def test_only_the_remaining_time_counts_for_rivals() -> None:
    around = spans(on_all=[a_span(50, starts_at=NOON)])
    assert find_rival(a_draft(TEN_ON_ONE), around, NOON) == 7
    assert find_rival(a_draft(TEN_ON_ONE), around, NOON - DAY) is None
    assert find_rival(a_draft(TEN_ON_ONE, ends_at=NOON - DAY), around, NOON) is None


def test_a_draft_that_wins_on_one_product_has_no_rival() -> None:
    draft = a_draft(ListedProducts(10 * PERCENT, (1, 2)), codes=("A",))
    assert find_rival(draft, {ALL_PRODUCTS_ID: [], 1: [a_span(50)], 2: []}, NOON) is None
    assert find_rival(draft, {ALL_PRODUCTS_ID: [], 1: [a_span(50)], 2: [a_span(50, 8)]}, NOON) == 7


def test_drafts_that_ended_or_make_products_free_have_warnings() -> None:
    draft = a_draft(AllProducts(100 * PERCENT), ends_at=NOON - DAY)
    assert find_warnings(draft, None, NOON) == [
        PromotionWarning(WarningKind.OVER),
        PromotionWarning(WarningKind.ALL_FREE),
    ]
    assert find_warnings(a_draft(ListedProducts(100 * PERCENT, (1,))), None, NOON) == []


def prices(draft: Draft, candidates: Candidates) -> list[tuple[int, int | None, bool]]:
    products = [a_product(1, price=1000), a_product(2, price=1000)]
    return [
        (sample.line.total, sample.winner, sample.wins)
        for sample in sample_prices(draft, products, candidates, NOON)
    ]


def test_sample_prices_use_the_draft_instead_of_the_stored_promotion() -> None:
    stored = AutomaticPick(7, 50 * PERCENT)
    candidates = Candidates(everywhere=stored, specific={1: stored})
    own = OwnPercents({1: 20 * PERCENT})
    assert prices(a_draft(own, id_=7), candidates) == [(800, 7, True), (1000, None, False)]
    assert prices(a_draft(own, id_=7, active=False), candidates)[0] == (1000, None, False)
    assert prices(a_draft(own, id_=7, codes=("A",)), candidates)[0] == (800, 7, True)


def test_sample_prices_show_which_other_promotion_wins() -> None:
    candidates = Candidates(everywhere=AutomaticPick(7, 30 * PERCENT))
    assert prices(a_draft(TEN_ON_ONE), candidates) == [(700, 7, False), (700, 7, False)]
    assert prices(a_draft(TEN_ON_ALL), candidates) == [(900, NEW, True), (900, NEW, True)]
    assert prices(a_draft(TEN_ON_ALL, id_=5), candidates)[0] == (700, 7, False)


@given(
    coverage=st.sampled_from([AllProducts, lambda percent: ListedProducts(percent, (1,))]),
    percents=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    codes=st.sampled_from([(), ("A",)]),
    is_later=st.booleans(),
    on_one=st.booleans(),
)
def test_a_draft_has_a_rival_exactly_if_another_promotion_sets_the_price(
    coverage: Callable[[int], Coverage],
    percents: tuple[int, int],
    codes: tuple[str, ...],
    is_later: bool,
    on_one: bool,
) -> None:
    own, other = percents
    draft = a_draft(coverage(own * PERCENT), codes=codes, id_=NEW if is_later else 5)
    rival = AutomaticPick(7, other * PERCENT)
    candidates = Candidates(specific={1: rival}) if on_one else Candidates(everywhere=rival)
    [sample] = sample_prices(draft, [a_product(1)], candidates, NOON)
    span = [a_span(other)]
    around = spans(on_one=span) if on_one else spans(on_all=span)
    assert find_rival(draft, around, NOON) == (None if sample.wins else 7)
    assert sample.winner == (draft.id if sample.wins else 7)


def test_the_time_of_a_preview_is_within_the_period() -> None:
    assert preview_time(a_period(NOON, NOON + DAY), NOON + DAY) == NOON + DAY
    assert preview_time(a_period(NOON, NOON + DAY), NOON - DAY) == NOON
    assert preview_time(a_period(NOON, NOON + DAY), NOON + 2 * DAY) == NOON
