"""Sessions without a browser: the cookie of a signed-in user, and a client that sends it."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx
from starlette.requests import Request
from starlette.responses import Response

from sconto.api.clock import read_clock
from sconto.domain.people import Caller
from sconto.operations.tokens import Purpose, Tokens
from sconto.portal.csrf import FIELD, token_for
from sconto.portal.pages import ADDRESS
from sconto.portal.session import open_session

_REQUEST = {
    "type": "http",
    "scheme": "http",
    "server": ("sconto", 80),
    "path": "/portal",
    "root_path": "/portal",
    "query_string": b"",
    "headers": [],
}


def cookie_of(caller: Caller, tokens: Tokens) -> str:
    """The session cookie of the caller, as a browser sends it."""
    response = Response()
    token = tokens.issue(caller, read_clock(), purpose=Purpose.SESSION)
    open_session(Request(_REQUEST), response, "ada", token)
    return response.headers["set-cookie"].partition(";")[0]


@dataclass(frozen=True)
class PortalClient:
    """The portal's pages for one signed-in user; `path` begins after `/portal`."""

    client: httpx.AsyncClient
    cookie: str
    language: str = "en-GB"

    async def get(self, path: str, **query: str) -> httpx.Response:
        """Get a page."""
        headers = {"Cookie": self.cookie, "Accept-Language": self.language}
        return await self.client.get(ADDRESS + path, params=query or None, headers=headers)

    async def post(
        self, path: str, fields: Mapping[str, str | list[str]] | None = None, **files: bytes
    ) -> httpx.Response:
        """Send a form with its token; `files` are CSV files by the name of their field."""
        headers = {"Cookie": self.cookie, "Accept-Language": self.language}
        token = token_for(self.cookie.partition("=")[2].partition(";")[0])
        return await self.client.post(
            ADDRESS + path,
            data={**(fields or {}), FIELD: token},
            files={name: (f"{name}.csv", content, "text/csv") for name, content in files.items()},
            headers=headers,
        )
