"""Puts the document together from the application's routes and their operations."""

import inspect
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core.core_schema import WithDefaultSchema
from starlette.routing import BaseRoute

import sconto.api
from openapi import (
    backtests,
    cart,
    catalog,
    checkout,
    events,
    export,
    health,
    merchant,
    merchant_codes,
    people,
    subscription,
)
from openapi.operation import Answer, Content, Operation, Parameter
from sconto.api.plain_route import PlainRoute
from sconto.app import ROUTES

FILE: Final = Path(sconto.api.__file__).with_name("static") / "openapi.json"
"""The file that the service sends."""

OPERATIONS: Final[Mapping[Callable[..., Any], Operation]] = {
    **checkout.OPERATIONS,
    **merchant.OPERATIONS,
    **merchant_codes.OPERATIONS,
    **subscription.OPERATIONS,
    **backtests.OPERATIONS,
    **cart.OPERATIONS,
    **catalog.OPERATIONS,
    **export.OPERATIONS,
    **people.OPERATIONS,
    **events.OPERATIONS,
    **health.OPERATIONS,
}
"""The operation of each route, by its function, whose docstring becomes the description."""

_TOKENS: Final = {
    "Authorization": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of POST /v1/login_check, or an API key.",
    },
    "AuthorizationJWT": {
        "type": "apiKey",
        "in": "header",
        "name": "AuthorizationJWT",
        "description": "The same as published: `Bearer <token or key>`. It takes precedence.",
    },
}

_TAGS: Final[Mapping[str, str]] = {
    "Checkout API": "What a cart costs, orders, and what their returns pay back.",
    "Merchant API": "Signing in; product promotions, their codes and their statistics.",
    "Subscription promotions API": "Codes for subscriptions, and what their orders get.",
    "Cart promotions API": "Amounts, minimums, tiers and limits on whole carts.",
    "Catalogue API": "The merchant's products.",
    "Export API": "Orders, redemptions, returns and codes as files.",
    "People API": "API keys, users and invitations.",
    "Events API": "What happened: webhooks, their deliveries, and events by cursor.",
    "Operation": "For who runs Sconto.",
}
"""The groups of operations, in the order of the page."""

_MESSAGE: Final = "A signed message, as Standard Webhooks describe it. Check the signature first."

_COMPONENTS: Final = "#/components/schemas/"

Schema = dict[str, Any]


def written() -> str:
    """The text of the file."""
    return json.dumps(describe(ROUTES), indent=1) + "\n"


def describe(routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """The document for these routes, without the version, which the service adds."""
    described = [
        (route, OPERATIONS[route.endpoint])
        for route in routes
        if isinstance(route, PlainRoute) and route.endpoint in OPERATIONS
    ]
    webhooks = events.WEBHOOKS
    schemas = _Schemas([*(operation for _, operation in described), *webhooks.values()])
    paths: dict[str, dict[str, Any]] = {}
    for route, operation in described:
        for method in sorted((route.methods or set()) - {"HEAD"}):
            paths.setdefault(route.path_format, {})[method.lower()] = {
                "tags": [operation.tag],
                "summary": operation.summary,
                "description": inspect.getdoc(route.endpoint),
                "operationId": _operation_id(route),
                **_describe(operation, schemas),
            }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sconto",
            "description": "Promotions, codes and discounts, counted exactly.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/", "description": "The service that sends this description."}],
        "tags": [
            {"name": name, "description": text}
            for name, text in _TAGS.items()
            if any(operation.tag == name for _, operation in described)
        ],
        "paths": paths,
        "webhooks": {name: _webhook(name, one, schemas) for name, one in webhooks.items()},
        "components": {"schemas": schemas.components, "securitySchemes": _TOKENS},
        "security": [{name: []} for name in _TOKENS],
    }


class _WithoutNullDefaults(GenerateJsonSchema):
    """Omits `default: null`, which Pydantic adds to every field that may be left out."""

    def default_schema(self, schema: WithDefaultSchema) -> Schema:
        """The schema of a field with a default."""
        described = super().default_schema(schema)
        if described.get("default", ...) is None:
            del described["default"]
        return described


class _Schemas:
    """The schemas of all types in the operations."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        types = {id(one): one for operation in operations for one in _types_in(operation)}
        schemas, definitions = TypeAdapter.json_schemas(
            [(key, "validation", TypeAdapter(one)) for key, one in types.items()],
            ref_template=f"{_COMPONENTS}{{model}}",
            schema_generator=_WithoutNullDefaults,
        )
        self._schemas = {key: schema for (key, _), schema in schemas.items()}
        self._definitions = definitions["$defs"]

    def of(self, type_: Any) -> Schema:
        """The schema, possibly a reference to a component."""
        return self._schemas[id(type_)]

    @property
    def components(self) -> dict[str, Schema]:
        """The schemas that others refer to, by name."""
        return dict(sorted(self._definitions.items()))


def _types_in(operation: Operation) -> Iterator[Any]:
    yield from (parameter.of for parameter in operation.parameters)
    yield from (content.of for content in operation.body.values())
    for answer in operation.answers.values():
        yield from (content.of for content in answer.content.values())


def _operation_id(route: PlainRoute) -> str:
    """The name of the operation in generated clients, such as `checkout_place_order`."""
    api = route.endpoint.__module__.removeprefix("sconto.api.").partition(".")[0]
    return f"{api}_{route.endpoint.__name__}"


def _webhook(name: str, operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    """A request that Sconto sends."""
    return {
        "post": {
            "tags": [operation.tag],
            "summary": operation.summary,
            "description": _MESSAGE,
            "operationId": re.sub(r"\W", "_", f"receive_{name}"),
            "security": [],
            **_describe(operation, schemas),
        }
    }


def _describe(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    described: dict[str, Any] = {}
    if operation.parameters:
        described["parameters"] = [_parameter(one, schemas) for one in operation.parameters]
    if operation.body:
        described["requestBody"] = {
            "required": True,
            "content": {
                media_type: _content(content, schemas.of(content.of))
                for media_type, content in operation.body.items()
            },
        }
    described["responses"] = {
        str(status): _answer(answer, schemas) for status, answer in operation.answers.items()
    }
    if not operation.needs_token:
        described["security"] = []
    return described


def _parameter(parameter: Parameter, schemas: _Schemas) -> dict[str, Any]:
    described: dict[str, Any] = {"name": parameter.name, "in": parameter.place}
    if parameter.place == "path":
        described["required"] = True
    if parameter.description:
        described["description"] = parameter.description
    described["schema"] = schemas.of(parameter.of)
    if parameter.example is not None:
        described["example"] = parameter.example
    return described


def _answer(answer: Answer, schemas: _Schemas) -> dict[str, Any]:
    described: dict[str, Any] = {"description": answer.description}
    if answer.content:
        described["content"] = {
            media_type: _content(content, schemas.of(content.of))
            for media_type, content in answer.content.items()
        }
    return described


def _content(content: Content, schema: Schema) -> dict[str, Any]:
    described: dict[str, Any] = {"schema": schema}
    if content.example is not None:
        described["example"] = content.example
    if content.examples:
        described["examples"] = {name: {"value": value} for name, value in content.examples.items()}
    return described
