"""Positions of a stored list, kept so that a change writes only the elements that moved."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

SPACING: Final = 2**20
"""The first distance between neighbours, so that others fit between them later."""


def arrange(positions: Sequence[int | None]) -> list[int]:
    """Ascending positions for a list, as many of them unchanged as possible.

    Takes the current position of each element, None for a new one, in the wanted order. Current
    positions are distinct. The longest ascending part stays; the other elements are spread over the
    gaps. If a gap is too small, all elements get new positions.
    """
    arranged: list[int] = []
    low: int | None = None
    for index in [*_longest_ascending(positions), len(positions)]:
        high = positions[index] if index < len(positions) else None
        between = _spread(low, high, index - len(arranged))
        if between is None:
            return [SPACING * (i + 1) for i in range(len(positions))]
        arranged += between
        if high is not None:
            arranged.append(high)
        low = high
    return arranged


def _longest_ascending(positions: Sequence[int | None]) -> list[int]:
    """The indexes of a longest strictly ascending subsequence, by patience sorting."""
    lowest_ends: list[int] = []
    ends_at: list[int] = []
    previous: list[int | None] = [None] * len(positions)
    for index, position in enumerate(positions):
        if position is None:
            continue
        length = bisect_left(lowest_ends, position)
        if length:
            previous[index] = ends_at[length - 1]
        lowest_ends[length : length + 1] = [position]
        ends_at[length : length + 1] = [index]
    kept: list[int] = []
    step = ends_at[-1] if ends_at else None
    while step is not None:
        kept.append(step)
        step = previous[step]
    return kept[::-1]


def _spread(low: int | None, high: int | None, count: int) -> list[int] | None:
    """`count` positions evenly between two others; None if they do not fit."""
    if high is None:
        return [(low or 0) + SPACING * (i + 1) for i in range(count)]
    if low is None:
        return [high - SPACING * (count - i) for i in range(count)]
    step = (high - low) // (count + 1)
    return [low + step * (i + 1) for i in range(count)] if step else None
