"""Why a back-test cannot be started or found."""

from dataclasses import dataclass

from sconto.domain.problems import Problem


@dataclass(eq=False)
class BacktestNotFound(Problem):
    """The back-test does not exist, is another merchant's or is deleted: indistinguishable."""

    backtest_id: int


@dataclass(eq=False)
class TooManyBacktests(Problem):
    """The merchant has the maximum of back-tests that have not ended."""

    most: int
    retry_after: int


@dataclass(eq=False)
class DraftTooLarge(Problem):
    """The draft names more products or codes than a draft may."""

    most: int
