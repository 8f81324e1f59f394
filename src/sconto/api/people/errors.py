"""The errors of the people API."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.responses import Response

from sconto.api import problem_json
from sconto.domain.people_problems import (
    EmailTaken,
    KeyNotFound,
    TooManyKeys,
    UserDisabled,
)
from sconto.domain.problems import NameTaken, OwnAccess, UserNotFound

ANSWERS: Final[Mapping[type[Exception], Callable[[Any], Response]]] = {
    EmailTaken: lambda _: problem_json.problem(409, "Another user has this e-mail address."),
    KeyNotFound: lambda error: problem_json.problem(404, f"There is no API key {error.key}."),
    NameTaken: lambda _: problem_json.problem(409, "The name is taken."),
    TooManyKeys: lambda error: problem_json.problem(
        409, f"A merchant has at most {error.most} API keys: revoke one first."
    ),
    OwnAccess: lambda _: problem_json.problem(
        409, "Nobody resets their own two-factor sign-in: that takes a code, in the portal."
    ),
    UserDisabled: lambda _: problem_json.problem(409, "The user is disabled: enable them first."),
    UserNotFound: lambda error: problem_json.problem(404, f"There is no user {error.username}."),
}
