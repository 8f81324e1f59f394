"""Deals tests out to processes: slow ones first, and tests that share a service together."""

import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

from tests.house.sources import ROOT

_DEALT_BY_THE_TEST: Final = (
    "tests/stories",
    "tests/faults",
    "tests/trust",
    "tests/model",
    "tests/security",
    "tests/portal",
    "tests/store/embedded",
)
"""Most tests of these folders wait for servers, processes or a browser."""

_ORDER: Final = (
    *_DEALT_BY_THE_TEST,
    "tests/packages",
    *("tests/store", "tests/operations", "tests/cli", "tests/client", "tests/backtests"),
    *("tests/house", "tests/api", "tests/test_settings.py", "tests/bench"),
)
"""Slow folders first, and the quick files of the domain last: so all processes end together."""

_SERVER: Final = "server"
_BROWSER: Final = "browser"
_SHARES_THE_SERVER: Final = re.compile(r"\bserver: str\b")
_SHARES_THE_BROWSER: Final = re.compile(r": (Page|Browser)\b")
_SHARES_IN_ITS_FILE: Final = re.compile(r'scope="module"')


class Dealing(LoadScopeScheduling):
    """A process gets a test, or a file, whenever it has little left to do."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)


def unit_of(nodeid: str) -> str:
    """The name of the group of tests that are dealt together with this one.

    There is one group for the fixture `server`, so that only one process starts it, one for all
    tests that use a browser, and one for each file with a fixture for the whole file. Quick tests
    are dealt by the file, which saves messages.
    """
    file = nodeid.partition("::")[0]
    return _group_of(file) or nodeid


def deal_slowest_first(items: list[pytest.Item]) -> None:
    """Put the two large groups first, then the tests of slow folders."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    if unit_of(item.nodeid) in (_SERVER, _BROWSER):
        return -1
    folders = enumerate(_ORDER)
    return next((n for n, folder in folders if item.nodeid.startswith(folder)), len(_ORDER))


@cache
def _group_of(file: str) -> str | None:
    """The name of the group of all tests of the file; None if each is dealt alone."""
    text = (ROOT / Path(file)).read_text()
    if _SHARES_THE_SERVER.search(text):
        return _SERVER
    if _SHARES_THE_BROWSER.search(text):
        return _BROWSER
    if file.startswith(_DEALT_BY_THE_TEST) and not _SHARES_IN_ITS_FILE.search(text):
        return None
    return file
