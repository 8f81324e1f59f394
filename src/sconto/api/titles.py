"""The title of each HTTP status in an error's body: that of RFC 9110, not of Python."""

from collections.abc import Mapping
from typing import Final

TITLES: Final[Mapping[int, str]] = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    410: "Gone",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}
"""The statuses that Sconto answers."""


def title_of(status: int) -> str:
    """The title of a status; `Error` for one that only a library would answer."""
    return TITLES.get(status, "Error")
