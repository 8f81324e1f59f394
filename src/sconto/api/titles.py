"""What each HTTP status is called in an error's body, whatever Python calls it (RFC 9110)."""

from collections.abc import Mapping
from typing import Final

TITLES: Final[Mapping[int, str]] = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
"""The statuses that we answer."""


def title_of(status: int) -> str:
    """The status's name; one that only a library of ours would think of is an error."""
    return TITLES.get(status, "Error")
