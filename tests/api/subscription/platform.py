"""A subscription platform that uses the API, and its bodies."""

from copy import deepcopy
from typing import Any

import httpx

ROOT = "/promotion/v1"

AFTER_APPLIED = "ORDER_NUMBER_AFTER_APPLIED"
IN_CONTRACT = "SUBSCRIPTION_CONTRACT_ORDER_NUMBER"


def a_rule(amount: str = "30", *conditions: tuple[str, str], of: str = "PERCENTAGE") -> Any:
    """`a_rule("30", (AFTER_APPLIED, "1"))`."""
    return {
        "effect": {"effectType": f"{of}_DISCOUNT", "amount": amount},
        "conditions": [{"conditionType": kind, "value": value} for kind, value in conditions],
    }


def a_body(**fields: Any) -> dict[str, Any]:
    """A body that creates a promotion; None leaves a field out."""
    body = {"enabled": True, "name": "Thirty percent", "code": "TRY3", "rules": [a_rule()]}
    return {name: value for name, value in (body | fields).items() if value is not None}


def a_contract(*codes: str, created_at: str | None = None, type_id: str = "monthly") -> Any:
    discounts = [
        {
            "code": code,
            "terminationCriteria": {"orderOrdinal": 3},
            "addedAt": "2026-01-01T00:00:00Z",
        }
        for code in codes
    ]
    return {"createdAt": created_at, "subscriptionTypeId": type_id, "discounts": discounts}


def without(body: dict[str, Any], path: str) -> dict[str, Any]:
    """The body without the field at a path such as `constraint.maxUsage`."""
    changed = deepcopy(body)
    *parents, name = path.split(".")
    inner = changed
    for parent in parents:
        inner = inner[parent]
    del inner[name]
    return changed


class Platform:
    """A caller with a client."""

    def __init__(self, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self.client = client
        self.headers = headers

    async def ask(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> httpx.Response:
        """Send a request; `idempotency_key="x"` is the header Idempotency-Key."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(
            method, ROOT + path, headers=self.headers | named, json=body
        )

    async def create(self, **fields: Any) -> Any:
        """Create a promotion with these fields."""
        answer = await self.ask("POST", "/promotions", a_body(**fields))
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]

    async def get(self, promotion_id: str) -> Any:
        answer = await self.ask("GET", f"/promotions/{promotion_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def usage(self, promotion_id: str) -> Any:
        return (await self.get(promotion_id))["constraint"]["usageCount"]

    async def apply(self, code: str, contract: object = None, **headers: str) -> httpx.Response:
        body = {"promotionCode": code, "subscriptionContract": contract or a_contract()}
        return await self.ask("POST", "/promotion-codes/_apply", body, **headers)

    async def validate(self, promotion_id: str, contract: object = None) -> Any:
        """The answer to a validation of the contract."""
        body = {"subscriptionContract": contract or a_contract()}
        answer = await self.ask("POST", f"/promotions/{promotion_id}/_validate", body)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


def details(answer: httpx.Response, status: int) -> list[str]:
    """The details of an answer's errors, which have the published shape."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert list(body) == ["errors"]
    assert body["errors"]
    assert len({error["title"] for error in body["errors"]}) == 1
    for error in body["errors"]:
        assert list(error) == ["status", "title", "detail"]
        assert error["status"] == str(status)
    return [error["detail"] for error in body["errors"]]
