"""The titles of statuses in error bodies."""

import ast
from http import HTTPStatus
from pathlib import Path

from sconto import api
from sconto.api.titles import TITLES, title_of

LOGGED_ONLY = {499}
"""The status in the log of a client that disconnected."""


def test_every_status_that_the_wires_name_has_a_title() -> None:
    [folder] = api.__path__
    named = {
        node.value
        for file in Path(folder).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and type(node.value) is int and 400 <= node.value < 600
    }
    assert named - LOGGED_ONLY == set(TITLES)


def test_titles_are_those_of_the_standard_library_except_two() -> None:
    renamed = {413, 422}
    for status, title in TITLES.items():
        assert status in renamed or title == HTTPStatus(status).phrase
    assert (TITLES[413], TITLES[422]) == ("Content Too Large", "Unprocessable Content")


def test_an_unknown_status_has_the_title_error() -> None:
    assert title_of(418) == "Error"
