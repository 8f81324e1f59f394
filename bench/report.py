"""The figures as a table for people and as JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from bench.figures import Figure, Spread
from bench.picture import draw

RESULTS: Final = Path(__file__).parent / "results"

_HEAD: Final = (
    "| what | measured | limit | ratio | goal | met |",
    "|---|---|---|---|---|---|",
)


def write_results(name: str, figures: Sequence[Figure], machine: Mapping[str, str]) -> None:
    """Write the table, the JSON and the picture of a run."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(write_table(figures, machine))
    content = {
        "machine": machine,
        "figures": [{**asdict(figure), "met": figure.met} for figure in figures],
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    (RESULTS / f"{name}.svg").write_text(draw(figures))


def write_table(figures: Sequence[Figure], machine: Mapping[str, str]) -> str:
    """The table in Markdown: medians, with the lowest and the highest round in brackets."""
    rows = [
        f"| {figure.name} | {_measured(figure)} | {_limit(figure)} "
        f"| {_spread(figure.ratio)} | {_goal(figure)} | {_met(figure)} |"
        for figure in figures
    ]
    notes = [f"- {figure.name}: {figure.note}" for figure in figures if figure.note]
    versions = ", ".join(f"{key} {value}" for key, value in machine.items())
    return "\n".join([*_HEAD, *rows, "", *notes, "", f"Machine and versions: {versions}", ""])


def _measured(figure: Figure) -> str:
    return "not measured" if figure.value is None else f"{_spread(figure.value)} {figure.unit}"


def _limit(figure: Figure) -> str:
    return "" if figure.limit is None else f"{figure.limit_name}: {_spread(figure.limit)}"


def _goal(figure: Figure) -> str:
    goal = figure.goal
    return "" if goal is None else f"{goal.relation} {_number(goal.bound)}"


def _met(figure: Figure) -> str:
    return {None: "", True: "yes", False: "no"}[figure.met]


def _spread(spread: Spread | None) -> str:
    if spread is None:
        return ""
    if spread.low == spread.high:
        return _number(spread.median)
    return f"{_number(spread.median)} ({_number(spread.low)} to {_number(spread.high)})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
