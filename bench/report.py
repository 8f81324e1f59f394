"""The figures as a table for people and as JSON for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import msgspec

from bench.figures import Figure, Results, Spread
from bench.picture import draw

RESULTS: Final = Path(__file__).parent / "results"

_HEAD: Final = (
    "| what | measured | limit | ratio | goal | met |",
    "|---|---|---|---|---|---|",
)


def write_results(name: str, results: Results) -> None:
    """Write the table, the JSON and the picture of a run."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(write_table(results))
    content = {
        "machine": results.machine,
        "seconds": results.seconds,
        "failed": results.failed,
        "figures": [{**asdict(figure), "met": figure.met} for figure in results.figures],
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    (RESULTS / f"{name}.svg").write_text(draw(results.figures))


def write_table(results: Results) -> str:
    """The table in Markdown: medians, with the lowest and the highest round in brackets."""
    figures = results.figures
    notes = [f"- {figure.name}: {figure.note}" for figure in figures if figure.note]
    versions = ", ".join(f"{key} {value}" for key, value in results.machine.items())
    took = ", ".join(f"{part} {seconds:.0f}" for part, seconds in results.seconds.items())
    return "\n".join(
        [
            *(*write_rows(figures), "", *notes, ""),
            *(f"{say_goals(figures) or 'No goals'}.", ""),
            *(f"Seconds: {took}; together {sum(results.seconds.values()):.0f}.", ""),
            *(f"Machine and versions: {versions}", ""),
        ]
    )


def write_rows(figures: Sequence[Figure]) -> list[str]:
    """The lines of the table."""
    rows = (
        f"| {figure.name} | {_measured(figure)} | {_limit(figure)} "
        f"| {_spread(figure.ratio)} | {_goal(figure)} | {_met(figure)} |"
        for figure in figures
    )
    return [*_HEAD, *rows]


def read_results(name: str) -> Results:
    """The results of a run, from its JSON."""
    content = json.loads((RESULTS / f"{name}.json").read_text())
    for figure in content["figures"]:
        del figure["met"]
    return msgspec.convert(content, Results)


def say_number_of_goals(figures: Sequence[Figure]) -> str:
    """How many goals are met."""
    met = [figure.met for figure in figures if figure.met is not None]
    return f"{sum(met)} of {len(met)} goals are met"


def say_goals(figures: Sequence[Figure]) -> str:
    """How many goals are met, and which are not; empty if there are none."""
    if all(figure.met is None for figure in figures):
        return ""
    said = say_number_of_goals(figures)
    missed = [figure for figure in figures if figure.met is False]
    if missed:
        said += ". Not met: " + ", ".join(f"{one.name} ({_judged(one)})" for one in missed)
    return said


def _judged(figure: Figure) -> str:
    judged = "" if figure.judged is None else number_text(figure.judged.median)
    return f"{judged}, goal {_goal(figure)}"


def _measured(figure: Figure) -> str:
    return "not measured" if figure.value is None else f"{_spread(figure.value)} {figure.unit}"


def _limit(figure: Figure) -> str:
    return "" if figure.limit is None else f"{figure.limit_name}: {_spread(figure.limit)}"


def _goal(figure: Figure) -> str:
    goal = figure.goal
    return "" if goal is None else f"{goal.relation} {number_text(goal.bound)}"


def _met(figure: Figure) -> str:
    return {None: "", True: "yes", False: "no"}[figure.met]


def _spread(spread: Spread | None) -> str:
    if spread is None:
        return ""
    if spread.low == spread.high:
        return number_text(spread.median)
    return f"{number_text(spread.median)} ({number_text(spread.low)} to {number_text(spread.high)})"


def number_text(value: float) -> str:
    """A number with three digits, or in full from 100 on."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
