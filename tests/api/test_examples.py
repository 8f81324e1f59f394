"""The examples of /docs, sent as "Try it out" sends them to a new demo shop."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx
import pytest

from sconto.api.clock import read_clock
from sconto.cli.demo_shop import open_shop
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.conftest import SECRET_KEY
from tests.serving import serving

_TURNS: Final = ("put", "post", "get", "patch", "delete")
"""Examples create, read, change and delete things, in this order."""

Operation = dict[str, Any]


@dataclass(frozen=True)
class Example:
    """A request as the page sends it."""

    method: str
    path: str
    headers: dict[str, str]
    content: str | None


@pytest.fixture
async def demo(
    create_database: Callable[[], str],
) -> AsyncIterator[httpx.AsyncClient]:
    """A client who has signed in to a new demo shop."""
    tokens = Tokens(SECRET_KEY)
    database = await Database.open(create_database())
    token = await open_shop(database, tokens, read_clock())
    headers = {"Authorization": f"Bearer {token}"}
    async with serving(database, tokens, headers=headers) as client:
        yield client
    await database.close()


async def test_every_example_works_in_a_new_demo_shop(demo: httpx.AsyncClient) -> None:
    described = (await demo.get("/openapi.json")).json()
    paths, schemas = described["paths"], described["components"]["schemas"]
    refused = []
    tried = set()
    for example in find_examples(paths, schemas):
        answer = await demo.request(
            example.method, example.path, headers=example.headers, content=example.content
        )
        tried.add((example.method, answer.request.url.path))
        if not answer.is_success:
            refused.append((example, answer.text))
    assert refused == []
    assert len(tried) == sum(len(operations) for operations in paths.values())


def find_examples(
    paths: dict[str, dict[str, Operation]], schemas: dict[str, Any]
) -> Iterator[Example]:
    """All examples in order; deleting a part comes before deleting the whole."""
    for method in _TURNS:
        places = sorted(paths, key=len, reverse=True) if method == "delete" else paths
        for path in places:
            if method in paths[path]:
                yield from find_examples_of(method, path, paths[path][method], schemas)


def find_examples_of(
    method: str, path: str, operation: Operation, schemas: dict[str, Any]
) -> Iterator[Example]:
    """The examples of one address and method, with those of its parameters."""
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", str(parameter["example"]))
    bodies = operation.get("requestBody", {}).get("content", {})
    if not bodies:
        yield Example(method, path, {}, None)
    for content_type, described in bodies.items():
        for body in find_bodies(described, schemas):
            text = body if isinstance(body, str) else json.dumps(body)
            yield Example(method, path, {"Content-Type": content_type}, text)


def find_bodies(described: dict[str, Any], schemas: dict[str, Any]) -> list[Any]:
    """The examples of a body: its own, its schema's, or those of the schema's fields."""
    if "examples" in described:
        return [example["value"] for example in described["examples"].values()]
    schema = described["schema"]
    schema = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    for place in (described, schema):
        if "example" in place:
            return [place["example"]]
    return [{name: field["examples"][0] for name, field in schema["properties"].items()}]
