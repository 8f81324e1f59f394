"""Positions of a list have the requested order, and as few as possible change."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sconto.domain.ordering import SPACING, arrange

PLACES = st.lists(st.integers(0, 50), unique=True, max_size=12)
FAR_PLACES = st.lists(st.integers(-(2**30), 2**45), unique=True)
NEW_AT = st.lists(st.integers(0, 12), max_size=6)


def with_new(places: list[int], new_at: list[int]) -> list[int | None]:
    positions: list[int | None] = [*places]
    for index in new_at:
        positions.insert(index, None)
    return positions


def longest_ascending(positions: list[int]) -> int:
    best = [1] * len(positions)
    for i, position in enumerate(positions):
        best[i] += max((best[j] for j in range(i) if positions[j] < position), default=0)
    return max(best, default=0)


@given(PLACES | FAR_PLACES, NEW_AT)
def test_positions_always_ascend(places: list[int], new_at: list[int]) -> None:
    arranged = arrange(with_new(places, new_at))

    assert len(arranged) == len(places) + len(new_at)
    assert all(first < second for first, second in pairwise(arranged))


@given(PLACES, NEW_AT)
def test_as_few_positions_as_possible_change(places: list[int], new_at: list[int]) -> None:
    present = with_new([place * SPACING for place in places], new_at)

    arranged = arrange(present)

    stayed = sum(old == new for old, new in zip(present, arranged, strict=True))
    assert stayed == longest_ascending(places)


@given(PLACES)
def test_removing_elements_does_not_move_the_others(places: list[int]) -> None:
    assert arrange(sorted(places)) == sorted(places)


def test_a_new_list_is_widely_spaced() -> None:
    assert arrange([None, None, None]) == [SPACING, 2 * SPACING, 3 * SPACING]


def test_new_elements_fit_before_between_and_after() -> None:
    assert arrange([None, 0, None, None, 3 * SPACING, None]) == [
        -SPACING,
        0,
        SPACING,
        2 * SPACING,
        3 * SPACING,
        4 * SPACING,
    ]


def test_only_the_moved_element_gets_a_new_position() -> None:
    assert arrange([40, 10, 20, 30]) == [10 - SPACING, 10, 20, 30]


def test_all_elements_get_new_positions_if_a_gap_is_too_small() -> None:
    assert arrange([7, None, 8, 90]) == [SPACING, 2 * SPACING, 3 * SPACING, 4 * SPACING]


def test_a_gap_can_be_halved_twenty_times() -> None:
    low, high = SPACING, 2 * SPACING
    for _ in range(20):
        _, middle, _ = arrange([low, None, high])
        assert low < middle < high
        high = middle

    assert arrange([low, None, high]) == [SPACING, 2 * SPACING, 3 * SPACING]


def test_an_empty_list_has_no_positions() -> None:
    assert arrange([]) == []
