"""The parts of README.md and docs/scale.md that state the figures of the last whole run.

Such a part stands between two comments. `make bench` writes it, and `python -m bench --document`
writes it from the results in the repository. A test fails if it is another.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from bench.figures import Figure, Results
from bench.report import number_text, say_number_of_goals, write_rows

ROOT: Final = Path(__file__).parents[1]

_BEGIN: Final = "<!-- written by make bench -->"
_END: Final = "<!-- end of what make bench writes -->"
_PART: Final = re.compile(f"(?<={re.escape(_BEGIN)}\n).*?(?={re.escape(_END)})", re.DOTALL)

_QUOTES: Final = "quotes: 5 lines, 1 code, 100 promotions"
_ORDERS: Final = "orders, 16 clients"
_PEER: Final = "django-oscar, the same carts"


def write_documents(results: Results) -> None:
    """Write the results into the documents."""
    for name in DOCUMENTS:
        path = ROOT / name
        path.write_text(document(path.read_text(), DOCUMENTS[name](results)))


def document(text: str, part: str) -> str:
    """The text with the part between its comments."""
    changed, number = _PART.subn(lambda _: f"\n{part}\n\n", text)
    if number != 1:
        raise ValueError(f"expected one part between {_BEGIN} and {_END}, found {number}")
    return changed


def _for_readme(results: Results) -> str:
    figures = {figure.name: figure for figure in results.figures}
    rows = [
        (
            "quotes: 5 lines, 1 code, while promotions change",
            _rate(figures, _QUOTES),
            f"{_ratio(figures, _QUOTES)} of a bare web application that does one `SELECT`",
        ),
        (
            "orders",
            _rate(figures, _ORDERS),
            f"{_ratio(figures, _ORDERS)} of what PostgreSQL does with the same rows",
        ),
        (
            _PEER,
            f"{_rate(figures, f'{_PEER}: quotes')} quotes,"
            f" {_rate(figures, f'{_PEER}: orders')} orders",
            "",
        ),
    ]
    return "\n".join(
        [
            f"One worker on one core, measured by `make bench` ({_machine(results)}):",
            *("", "| | a second | compared with |", "|---|---|---|"),
            *(f"| {' | '.join(row)} |" for row in rows),
            "",
            f"[All figures](bench/results/results.md): {say_number_of_goals(results.figures)}.",
        ]
    )


def _for_scale(results: Results) -> str:
    return "\n".join([f"Machine: {_machine(results)}.", "", *write_rows(results.figures)])


DOCUMENTS: Final[Mapping[str, Callable[[Results], str]]] = {
    "README.md": _for_readme,
    "docs/scale.md": _for_scale,
}
"""What is written into each document."""


def _rate(figures: Mapping[str, Figure], name: str) -> str:
    figure = figures.get(name)
    if figure is None or figure.value is None:
        return "not measured"
    return number_text(figure.value.median)


def _ratio(figures: Mapping[str, Figure], name: str) -> str:
    figure = figures.get(name)
    return "?" if figure is None or figure.ratio is None else f"{figure.ratio.median:.2f}"


def _machine(results: Results) -> str:
    machine = results.machine
    said = [f"{machine.get('processor', 'unknown')}, PostgreSQL {machine.get('postgresql', '?')}"]
    if others := machine.get("other programs"):
        said.append(f"other programs had {others}")
    return "; ".join(said)
