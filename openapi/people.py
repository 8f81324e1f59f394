"""The operations of the people API."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from openapi import people_models as models
from openapi.fields import Instant, ProductId
from openapi.operation import Answer, Operation, Parameter, as_json
from openapi.problems import refusal
from sconto.api.people import audit, keys, users
from sconto.api.people.audit_wire import MAX_ENTRIES
from sconto.api.people.users_wire import MAX_USERS
from sconto.domain.history import Subject

_TAG: Final = "People API"

_USER_ID: Final = Parameter("user_id", "path", ProductId, example=2)
_PAGE: Final = (
    Parameter(
        "limit",
        "query",
        Annotated[int, Field(ge=1, le=MAX_USERS, json_schema_extra={"default": 100})],
    ),
    Parameter("cursor", "query", str, "The `next_cursor` of the answer before."),
)

_AUDIT: Final = (
    Parameter(
        "limit",
        "query",
        Annotated[int, Field(ge=1, le=MAX_ENTRIES, json_schema_extra={"default": 100})],
    ),
    Parameter("cursor", "query", str, "The `next_cursor` of the answer before."),
    Parameter("kind", "query", Subject, "What the entries are about."),
    Parameter("username", "query", str, "Who did it: the whole name of that time."),
    Parameter("since", "query", Instant, "Included."),
    Parameter("until", "query", Instant, "Not included."),
)

_KEY_ID: Final = Parameter("key_id", "path", ProductId, example=1)

_ALWAYS: Final[Mapping[int, Answer]] = {
    401: refusal("The token is missing, not valid or expired"),
    403: refusal("Only an admin may do this"),
    429: refusal("Too many requests; see Retry-After"),
    500: refusal("Something went wrong on our side"),
    503: refusal("The database cannot be reached; see Retry-After"),
}
_BODY: Final[Mapping[int, Answer]] = {
    400: refusal("The body is not a JSON object"),
    413: refusal("The body is too large"),
    415: refusal("The body is not said to be JSON"),
    422: refusal("Fields that are not valid, all of them"),
}
_NOT_FOUND: Final = refusal("The merchant has no such key")

OPERATIONS: Final[Mapping[Callable[..., Any], Operation]] = {
    keys.create_key: Operation(
        _TAG,
        "Create an API key",
        {
            201: Answer("The key", as_json(models.CreatedApiKey)),
            **_ALWAYS,
            **_BODY,
            409: refusal("The name is taken, or the merchant has 100 keys"),
        },
        body=as_json(models.NewApiKey),
    ),
    keys.list_keys: Operation(
        _TAG,
        "List API keys",
        {
            200: Answer("The keys", as_json(models.ApiKeys)),
            **_ALWAYS,
            422: refusal("Parameters, which this address does not have"),
        },
    ),
    keys.get_key: Operation(
        _TAG,
        "Get an API key",
        {200: Answer("The key", as_json(models.ApiKey)), **_ALWAYS, 404: _NOT_FOUND},
        parameters=[_KEY_ID],
    ),
    keys.revoke_key: Operation(
        _TAG,
        "Revoke an API key",
        {204: Answer("Revoked"), **_ALWAYS, 404: _NOT_FOUND},
        parameters=[_KEY_ID],
    ),
    users.list_users: Operation(
        _TAG,
        "List users",
        {
            200: Answer("A page of the list", as_json(models.Users)),
            **_ALWAYS,
            422: refusal("Parameters that are not valid, all of them"),
        },
        parameters=_PAGE,
    ),
    users.invite_user: Operation(
        _TAG,
        "Invite a user",
        {
            201: Answer("The link of the invitation", as_json(models.PasswordLink)),
            **_ALWAYS,
            **_BODY,
            409: refusal("Another user has the name or the e-mail address"),
        },
        body=as_json(models.Invitation),
    ),
    users.sign_out: Operation(
        _TAG,
        "Sign a user out everywhere",
        {
            204: Answer("Signed out"),
            **_ALWAYS,
            404: refusal("The merchant has no such user"),
        },
        parameters=[_USER_ID],
    ),
    users.reset_two_factor: Operation(
        _TAG,
        "Reset a user's two-factor sign-in",
        {
            204: Answer("There is no two-factor sign-in any more"),
            **_ALWAYS,
            404: refusal("The merchant has no such user"),
            409: refusal("The user is the caller"),
        },
        parameters=[_USER_ID],
    ),
    audit.list_entries: Operation(
        _TAG,
        "List the audit log",
        {
            200: Answer("A page of the list", as_json(models.AuditLog)),
            **_ALWAYS,
            422: refusal("Parameters that are not valid, all of them"),
        },
        parameters=_AUDIT,
    ),
    users.reset_password: Operation(
        _TAG,
        "Make a link that sets a user's password",
        {
            201: Answer("The link", as_json(models.PasswordLink)),
            **_ALWAYS,
            404: refusal("The merchant has no such user"),
            409: refusal("The user is disabled"),
        },
        parameters=[_USER_ID],
    ),
}
