"""The report of the benchmarks."""

from bench.figures import Goal, Results, compared, figure, unmeasured
from bench.picture import draw
from bench.report import write_table


def test_a_missing_figure_is_shown_with_its_reason_and_without_a_bar() -> None:
    missing = unmeasured("another shop", "could not be installed")
    table = write_table(Results([missing]))
    assert "| another shop | not measured |  |  |  |  |" in table
    assert "- another shop: could not be installed" in table
    assert "another shop" not in draw([missing])


def test_a_goal_with_a_limit_is_judged_by_the_ratio_of_each_round() -> None:
    fast = compared("quotes", "a second", [50, 90, 60], ("limit", [100, 100, 100]), Goal(">=", 0.6))
    assert fast.met
    assert fast.ratio is not None
    assert (fast.ratio.median, fast.ratio.low, fast.ratio.high) == (0.6, 0.5, 0.9)
    assert figure("start", "s", [1.6, 1.4, 1.7], Goal("<=", 1.5)).met is False


def test_a_bar_too_long_for_the_picture_is_cut_off_and_keeps_its_number() -> None:
    picture = draw([compared("slow", "ms", [5000.0], ("quick", [10.0]), Goal("<=", 5))])
    assert ">500, goal &lt;= 5</text>" in picture
    assert 'width="480.0"' in picture
