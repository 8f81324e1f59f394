"""Draws the figures that have a limit: a bar for each ratio, and a mark for its goal."""

from collections.abc import Sequence
from html import escape
from typing import Final

from bench.figures import Figure, Spread

_ROW: Final = 30
_TOP: Final = 44
_LEFT: Final = 400
_WIDTH: Final = 480
_RIGHT: Final = 150
_WIDEST: Final = 2.0
"""A longer bar is cut off; the number next to it has the whole ratio."""

_STYLE: Final = """
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-size: 15px; font-weight: 600 }
.met { fill: #2da44e } .missed { fill: #d4a72c } .bare { fill: #8c959f }
.goal { stroke: #24292f; stroke-width: 2; stroke-dasharray: 4 2 }
.spread { stroke: #24292f; stroke-width: 1 }
.ground { fill: #ffffff }
"""


def draw(figures: Sequence[Figure]) -> str:
    """An SVG with one row for each figure that has a ratio."""
    rows = [(figure, figure.ratio) for figure in figures if figure.ratio is not None]
    height = _TOP + _ROW * len(rows) + 16
    width = _LEFT + _WIDTH + _RIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        "<title>Sconto compared with its limits</title>",
        f"<style>{_STYLE}</style>",
        f'<rect class="ground" width="{width}" height="{height}"/>',
        '<text class="title" x="12" y="24">Ratio to the limit measured in the same run '
        "(bar: median; line: spread; dashed: goal; "
        f"beyond {_WIDEST:g} cut off)</text>",
    ]
    for number, (figure, ratio) in enumerate(rows):
        parts += _row(figure, ratio, _TOP + number * _ROW)
    return "\n".join([*parts, "</svg>", ""])


def _row(figure: Figure, ratio: Spread, top: int) -> list[str]:
    colour = {None: "bare", True: "met", False: "missed"}[figure.met]
    middle = top + 10
    end, low, high = (_place(value) for value in (ratio.median, ratio.low, ratio.high))
    row = [
        f'<text x="{_LEFT - 8}" y="{top + 14}" text-anchor="end">{escape(figure.name)}</text>',
        f'<rect class="{colour}" x="{_LEFT}" y="{top}" width="{end - _LEFT:.1f}" height="20"/>',
        f'<line class="spread" x1="{low:.1f}" y1="{middle}" x2="{high:.1f}" y2="{middle}"/>',
        f'<text x="{_LEFT + _WIDTH + 8}" y="{top + 14}">{escape(_label(figure, ratio))}</text>',
    ]
    if figure.goal is not None and figure.goal.bound <= _WIDEST:
        goal = _place(figure.goal.bound)
        row.append(
            f'<line class="goal" x1="{goal:.1f}" y1="{top - 3}" x2="{goal:.1f}" y2="{top + 23}"/>'
        )
    return row


def _place(ratio: float) -> float:
    return _LEFT + min(ratio, _WIDEST) * _WIDTH / _WIDEST


def _label(figure: Figure, ratio: Spread) -> str:
    goal = "" if figure.goal is None else f", goal {figure.goal.relation} {figure.goal.bound:g}"
    return f"{ratio.median:.3g}{goal}"
