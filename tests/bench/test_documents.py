"""The documents state the figures of the last whole run."""

import pytest

from bench.documents import DOCUMENTS, ROOT, document
from bench.figures import Goal, Results, compared, unmeasured
from bench.report import RESULTS, read_results, write_table


def test_the_documents_and_the_table_have_the_figures_of_the_results() -> None:
    results = read_results("results")
    tables = {RESULTS / "results.md": write_table(results)}
    for name, part in DOCUMENTS.items():
        text = (ROOT / name).read_text()
        tables[ROOT / name] = document(text, part(results))
    for path, expected in tables.items():
        assert path.read_text() == expected, f"run `python -m bench --document`: {path.name}"


def test_a_figure_that_is_missing_is_said_to_be() -> None:
    quotes = compared(
        "quotes: 5 lines, 1 code, 100 promotions", "", [50.0], ("bare", [100.0]), Goal(">=", 0.6)
    )
    said = DOCUMENTS["README.md"](Results([quotes, unmeasured("peer", "failed")]))
    assert "| 50 | 0.50 of a bare web application" in said
    assert "| orders | not measured |" in said
    assert "0 of 1 goals are met" in said


def test_a_document_without_a_place_for_the_figures_is_refused() -> None:
    with pytest.raises(ValueError, match="found 0"):
        document("# Sconto", "figures")
