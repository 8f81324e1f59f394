"""Signing in: a username and a password for a token of 24 hours."""

import secrets
from collections.abc import Iterator
from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sconto.api.access import find_caller
from sconto.api.bodies import SMALL, read_object
from sconto.api.context import context_of
from sconto.api.faults import first_names
from sconto.api.merchant.errors import Fault, fault, invalid_body
from sconto.api.merchant.models import MerchantErrors
from sconto.api.plain_route import PlainRoute
from sconto.operations import people

router: Final = APIRouter(tags=["Merchant API"], route_class=PlainRoute)

_FIELDS: Final = ("username", "password")

_REFUSED: Final = {
    400: "111, 110, or 11010 for each field that is missing or invalid",
    401: "1001 `Bad credentials.`, whether or not there is such a user",
    413: "The body is larger than 64 KiB",
    429: "Too many failures of the name or the address; see Retry-After",
    500: "Something went wrong on our side",
    503: "The database cannot be reached; see Retry-After",
}


class SignIn(BaseModel):
    """Who signs in."""

    model_config = ConfigDict(extra="forbid")

    username: Annotated[str, Field(examples=["demo"])]
    password: Annotated[str, Field(examples=["demo-password"])]


class SignedIn(BaseModel):
    """`token` is what the other requests carry; `refresh_token` is technical."""

    token: str
    refresh_token: str


@router.post(
    "/v1/login_check",
    summary="Sign in",
    response_model=SignedIn,
    responses={
        status: {"description": description, "model": MerchantErrors}
        for status, description in _REFUSED.items()
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": SignIn.model_json_schema()}},
        }
    },
)
async def sign_in(request: Request) -> Response:
    """A token lives 24 hours, and a new one leaves older ones valid.

    Where several merchants have a user of that name, `merchant/username` tells which is meant.
    """
    body = await read_object(request, SMALL)
    username, password = _read_credentials(body)
    context = context_of(request)
    token = await people.sign_in(
        context.database,
        context.tokens,
        username,
        password,
        _address(request),
        context.now(),
        holder=find_caller(request),
    )
    # Published, and good for nothing: nowhere is it accepted, so it is not even kept.
    answer = {"token": token, "refresh_token": secrets.token_hex(64)}
    return JSONResponse(answer)


def _read_credentials(body: dict[str, object]) -> tuple[str, str]:
    """The username and the password. Raises Refused."""
    username, password = map(body.get, _FIELDS)
    if isinstance(username, str) and isinstance(password, str) and len(body) == len(_FIELDS):
        return username, password
    raise invalid_body(*_faults(body))


def _faults(body: dict[str, object]) -> Iterator[Fault]:
    for field in _FIELDS:
        if not isinstance(body.get(field), str):
            yield fault(11010, field)
    for name in first_names(name for name in body if name not in _FIELDS):
        yield fault(11010, name)


def _address(request: Request) -> str:
    """Where the connection comes from; a header could name any address."""
    return "" if request.client is None else request.client.host
