"""Refuses requests beyond a caller's quota, and says in each answer how much is left.

The header fields are those of draft-ietf-httpapi-ratelimit-headers (10 and 11): `RateLimit-Policy`
has each quota with its window in seconds (`w`), `RateLimit` what is left of it (`r`) and for how
many seconds (`t`).
"""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sconto.api.access import find_caller
from sconto.api.base_path import inner_path
from sconto.api.context import context_in
from sconto.api.errors import dialect_of
from sconto.api.quotas import Quota, QuotaState
from sconto.domain.people import Caller

_CHECKOUT: Final = "/checkout/"


class RateLimit:
    """Counts the requests of callers with a valid token; other requests are not counted."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve a request, or answer 429 in the dialect of its address."""
        if scope["type"] == "http":
            context = context_in(scope)
            quotas = context.quotas.of(checkout=inner_path(scope).startswith(_CHECKOUT))
            caller = find_caller(scope) if quotas else None
            if caller is not None:
                return self._count_and_serve(caller, quotas, scope, receive, send)
        return self._app(scope, receive, send)

    async def _count_and_serve(
        self,
        caller: Caller,
        quotas: Sequence[Quota],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        context = context_in(scope)
        states = await context.quotas.count(caller, quotas)
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


def _with_fields(send: Send, fields: Mapping[str, str]) -> Send:
    added = [(name.lower().encode(), value.encode()) for name, value in fields.items()]

    def send_with_fields(message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *added]
        return send(message)

    return send_with_fields
