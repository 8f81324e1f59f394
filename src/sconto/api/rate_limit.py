"""Refuses requests beyond a caller's quota, and says in each answer how much is left.

The header fields are those of draft-ietf-httpapi-ratelimit-headers (10 and 11): `RateLimit-Policy`
has each quota with its window in seconds (`w`), `RateLimit` what is left of it (`r`) and for how
many seconds (`t`).
"""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sconto.api.access import caller_of
from sconto.api.base_path import inner_path
from sconto.api.context import Context
from sconto.api.errors import dialect_of
from sconto.api.quotas import QuotaState
from sconto.domain.people import Caller
from sconto.domain.problems import Problem
from sconto.operations import DatabaseUnavailable

_CHECKOUT: Final = "/checkout/"


class RateLimit:
    """Counts the requests of callers with a valid token; other requests are not counted."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or answer 429 in the dialect of its address."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        context: Context = scope["app"].state.context
        quotas = context.quotas.of(checkout=inner_path(scope).startswith(_CHECKOUT))
        caller = _find_caller(scope) if quotas else None
        states = [] if caller is None else await context.quotas.count(caller, quotas)
        if not states:
            await self._app(scope, receive, send)
            return
        fields = header_fields(states)
        broken = [state.seconds for state in states if not state.kept]
        if broken:
            headers = {**fields, "Retry-After": str(max(broken))}
            answer = dialect_of(inner_path(scope)).answer_status(429, headers)
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, _with_fields(send, fields))


def header_fields(states: Sequence[QuotaState]) -> dict[str, str]:
    """The two header fields, as lists of structured fields (RFC 9651)."""
    policy = ", ".join(
        f'"{state.quota.name}";q={state.quota.item.amount};w={state.quota.item.get_expiry()}'
        for state in states
    )
    left = ", ".join(f'"{state.quota.name}";r={state.left};t={state.seconds}' for state in states)
    return {"RateLimit-Policy": policy, "RateLimit": left}


def _find_caller(scope: Scope) -> Caller | None:
    """The caller; None if the request will be refused for its token, or answered 503."""
    try:
        return caller_of(Request(scope))
    except (Problem, DatabaseUnavailable):
        return None


def _with_fields(send: Send, fields: Mapping[str, str]) -> Send:
    added = [(name.lower().encode(), value.encode()) for name, value in fields.items()]

    async def send_with_fields(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *added]
        await send(message)

    return send_with_fields
