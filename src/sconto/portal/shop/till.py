"""The till: the shop's client of Sconto's HTTP API, at the address of the service itself."""

import asyncio
import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any, Final

Server = tuple[str, int]
"""A host and a port."""

_API_TIMEOUT: Final = 10


class ShopClosed(Exception):
    """Sconto does not answer, or answers with an error: nothing can be sold."""


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """A status and the decoded JSON body."""

    status: int
    body: Any


class Till:
    """Calls the API as one user, and signs in when needed."""

    def __init__(self, username: str, password: str) -> None:
        self._credentials = {"username": username, "password": password}
        self._token: str | None = None

    async def ask(self, server: Server, method: str, path: str, body: Any = None) -> ApiResponse:
        """The answer to a request. Raises ShopClosed if there is none."""
        if self._token is None:
            self._token = await self._sign_in(server)
        answer = await _exchange(server, method, path, body, self._token)
        if answer.status == 401:
            # A token expires after a day, and a demo may run longer.
            self._token = await self._sign_in(server)
            answer = await _exchange(server, method, path, body, self._token)
        if answer.status >= 500 or answer.status in (401, 403, 429):
            raise ShopClosed(f"{method} {path} was answered with {answer.status}")
        return answer

    async def _sign_in(self, server: Server) -> str:
        answer = await _exchange(server, "POST", "/v1/login_check", self._credentials)
        if answer.status != 200:
            raise ShopClosed(f"signing in was answered with {answer.status}")
        token: str = answer.body["token"]
        return token


async def _exchange(
    server: Server, method: str, path: str, body: Any, token: str | None = None
) -> ApiResponse:
    # The standard library's client, in a thread, saves a dependency.
    return await asyncio.to_thread(_exchange_now, server, method, path, body, token)


def _exchange_now(
    server: Server, method: str, path: str, body: Any, token: str | None
) -> ApiResponse:
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    connection = HTTPConnection(*server, timeout=_API_TIMEOUT)
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        return ApiResponse(response.status, json.loads(response.read()))
    except (OSError, HTTPException, ValueError) as error:
        raise ShopClosed(f"{method} {path}: {type(error).__name__}") from error
    finally:
        connection.close()
