"""The shipped description has every route and nothing else, and is up to date."""

import json
from typing import Any

from starlette.routing import Route

from openapi import client_bodies
from openapi.document import FILE, OPERATIONS, written
from sconto.api import manual, manual_files
from sconto.app import ROUTES

PAGES = (*manual.ROUTES, *manual_files.ROUTES)
NOT_DESCRIBED = {route.endpoint for route in PAGES if isinstance(route, Route)}
"""The description itself, and the page that shows it."""


def shipped() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(FILE.read_text())
    return document


def test_the_shipped_description_is_up_to_date() -> None:
    assert FILE.read_text() == written(), "run `make openapi`"


def test_the_types_of_the_python_client_are_up_to_date() -> None:
    texts = client_bodies.written()
    assert {path: path.read_text() for path in texts} == texts, "run `make openapi`"
    shipped_modules = set(client_bodies.FOLDER.glob("*.py"))
    assert shipped_modules == {*texts, client_bodies.FOLDER / "__init__.py"}


def test_every_route_is_described_and_nothing_else() -> None:
    served = {
        (route.path_format, method.lower())
        for route in ROUTES
        if isinstance(route, Route) and route.endpoint not in NOT_DESCRIBED
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert served == {
        (path, method) for path, methods in shipped()["paths"].items() for method in methods
    }
    assert {route.endpoint for route in ROUTES if isinstance(route, Route)} == {
        *OPERATIONS,
        *NOT_DESCRIBED,
    }


def test_operation_ids_are_unique() -> None:
    names = [
        operation["operationId"]
        for methods in shipped()["paths"].values()
        for operation in methods.values()
    ]
    assert len(set(names)) == len(names)


def test_every_reference_resolves_and_every_component_is_referred_to() -> None:
    text = FILE.read_text()
    components = shipped()["components"]["schemas"]
    referred = {part.partition('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert referred == set(components)
