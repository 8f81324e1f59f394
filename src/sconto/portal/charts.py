"""Charts without scripts."""

from collections.abc import Sequence
from typing import Final

SPARK_WIDTH: Final = 104
SPARK_HEIGHT: Final = 24

_MARGIN: Final = 2


def spark_points(numbers: Sequence[int]) -> str:
    """The points of a line through the numbers, within SPARK_WIDTH by SPARK_HEIGHT."""
    highest = max(*numbers, 1)
    step = (SPARK_WIDTH - 2 * _MARGIN) / max(len(numbers) - 1, 1)
    room = SPARK_HEIGHT - 2 * _MARGIN
    return " ".join(
        f"{_MARGIN + index * step:.1f},{SPARK_HEIGHT - _MARGIN - number * room / highest:.1f}"
        for index, number in enumerate(numbers)
    )
