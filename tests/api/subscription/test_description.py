"""The API in /openapi.json, and bodies with unlikely values."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openapi.subscription_models import NewSubscriptionPromotion
from sconto.api.subscription.terms import render_terms
from tests.api.subscription.platform import Platform, a_body, a_contract, a_rule
from tests.builders import subscription_terms

ROOT = "/promotion/v1"
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


async def body_example(platform: Platform, path: str, method: str) -> Any:
    document = (await platform.client.get("/openapi.json")).json()
    content = document["paths"][ROOT + path][method]["requestBody"]["content"]
    name = next(iter(content.values()))["schema"]["$ref"].rpartition("/")[2]
    return document["components"]["schemas"][name]["example"]


async def test_the_examples_of_the_description_work(platform: Platform) -> None:
    new = await body_example(platform, "/promotions", "post")
    created = await platform.ask("POST", "/promotions", new)
    assert created.status_code == 201, created.text
    path = f"/promotions/{created.json()['data']['id']}"
    for tail in ("_validate", "_schedule"):
        body = await body_example(platform, f"/promotions/{{promotionId}}/{tail}", "post")
        answer = await platform.ask("POST", f"{path}/{tail}", body)
        assert answer.status_code == 200, answer.text
    body = await body_example(platform, "/promotion-codes/_apply", "post")
    assert (await platform.ask("POST", "/promotion-codes/_apply", body)).status_code == 200
    patch = await body_example(platform, "/promotions/{promotionId}", "patch")
    assert (await platform.ask("PATCH", path, patch)).status_code == 200


async def test_every_address_and_refusal_is_described_and_every_reference_resolves(
    platform: Platform,
) -> None:
    document = (await platform.client.get("/openapi.json")).json()
    described = {
        (path.removeprefix(ROOT), method): set(operation["responses"])
        for path, operations in document["paths"].items()
        if path.startswith(ROOT)
        for method, operation in operations.items()
    }
    assert set(described) == {
        ("/promotions", "get"),
        ("/promotions", "post"),
        ("/promotions/{promotionId}", "get"),
        ("/promotions/{promotionId}", "patch"),
        ("/promotions/{promotionId}", "delete"),
        ("/promotions/{promotionId}/_validate", "post"),
        ("/promotions/{promotionId}/_schedule", "post"),
        ("/promotion-codes/_apply", "post"),
    }
    assert all({"401", "403", "429", "500", "503"} <= statuses for statuses in described.values())
    schemas = document["components"]["schemas"]
    references = [text for text in _texts(document) if text.startswith("#/components/schemas/")]
    assert {reference.rpartition("/")[2] for reference in references} <= set(schemas)


def test_a_rendered_promotion_is_a_valid_request() -> None:
    written = render_terms(subscription_terms())
    NewSubscriptionPromotion.model_validate(written)


@pytest.mark.parametrize(
    "body",
    [
        a_body(),
        {"promotionCode": "X", "subscriptionContract": a_contract("Y")},
        {"subscriptionContract": a_contract(), "numberOfOrders": 3},
    ],
)
async def test_no_value_in_a_body_causes_a_500(platform: Platform, body: dict[str, Any]) -> None:
    created = await platform.create(code="fuzz", rules=[a_rule()])
    paths = {
        "rules": [("POST", "/promotions"), ("PATCH", f"/promotions/{created['id']}")],
        "promotionCode": [("POST", "/promotion-codes/_apply")],
        "numberOfOrders": [
            ("POST", f"/promotions/{created['id']}/_schedule"),
            ("POST", f"/promotions/{created['id']}/_validate"),
        ],
    }
    asked = next(paths[name] for name in paths if name in body)
    places = list(_places(body))
    seen: set[int] = set()

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(places), ANY_JSON)
    def collect(place: tuple[Any, ...], value: object) -> None:
        bodies.append(_with(body, place, value))

    bodies: list[Any] = []
    collect()
    for changed in bodies:
        for method, path in asked:
            answer = await platform.ask(method, path, changed)
            seen.add(answer.status_code)
            assert answer.status_code in {200, 201, 400, 404, 409, 422}, (changed, answer.text)
    assert 422 in seen


def _texts(value: object) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [text for part in value.values() for text in _texts(part)]
        case list():
            return [text for part in value for text in _texts(part)]
    return []


def _places(value: object, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    match value:
        case dict():
            inner = [place for name in value for place in _places(value[name], (*at, name))]
        case list():
            inner = [place for i, part in enumerate(value) for place in _places(part, (*at, i))]
        case _:
            inner = []
    return [at, *inner] if at else inner


def _with(body: Any, place: tuple[Any, ...], value: object) -> Any:
    if not place:
        return value
    if isinstance(body, dict):
        return {**body, place[0]: _with(body[place[0]], place[1:], value)}
    return [_with(part, place[1:], value) if i == place[0] else part for i, part in enumerate(body)]
