"""How a command explains problems: each kind has its sentence."""

import pytest

from sconto.cli.import_sentences import NOTES
from sconto.cli.refusals import sentence_of
from sconto.cli.sentences import CODE_FAULTS, ROW_FAULTS
from sconto.domain.code_file import CodeLineFault
from sconto.domain.code_pattern import CodePattern, check_pattern
from sconto.domain.csv_rows import RowFault
from sconto.domain.imports.notes import NoteKind
from sconto.domain.problems import (
    CodeFileRefused,
    GenerationNotFound,
    ImportRefused,
    NoCodesAllowed,
    NoCodesSent,
    PatternFault,
    PatternRefused,
    Problem,
    PromotionNotFound,
)


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (PromotionNotFound(7), "promotion 7 not found"),
        (GenerationNotFound(7), "generation 7 not found"),
        (NoCodesAllowed(), "the promotion applies by itself and has no codes"),
        (NoCodesSent(), "it has no codes"),
        (CodeFileRefused((), 1), "nothing was imported: 1 line is not valid"),
        (ImportRefused((), 1234), "nothing was imported: 1,234 lines are not valid"),
        (PatternRefused(PatternFault.COUNT), "1 to 1,000,000 codes can be generated together"),
        (
            PatternRefused(PatternFault.NO_GROUP),
            "a pattern has at least one group of one letter",
        ),
        (
            PatternRefused(PatternFault.NOT_A_CODE),
            "a code has 1 to 30 letters, digits, dashes, underscores and dots, prefix included",
        ),
        (
            PatternRefused(PatternFault.ALPHABET),
            "an alphabet has 2 or more Latin letters and digits, each once",
        ),
    ],
)
def test_a_problem_is_explained_in_a_sentence(problem: Problem, sentence: str) -> None:
    assert sentence_of(problem) == sentence


def test_a_pattern_that_is_too_short_is_explained_in_numbers() -> None:
    with pytest.raises(PatternRefused) as refused:
        check_pattern(CodePattern(group_count=1), 811)
    assert sentence_of(refused.value) == (
        "too easy to guess; add characters: this pattern safely gives 810 codes"
    )


def test_every_fault_of_a_line_has_a_sentence() -> None:
    assert set(CODE_FAULTS) == set(CodeLineFault)
    assert set(ROW_FAULTS) == set(RowFault)
    assert set(NOTES) == set(NoteKind)
