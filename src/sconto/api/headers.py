"""The header fields of a request."""

from starlette.requests import Request


def find_header(request: Request, name: bytes) -> str | None:
    """The first field of a name in lower case.

    Starlette's `request.headers.get` does the same, but takes 2 µs, four times a request.
    """
    for field, value in request.scope["headers"]:
        if field == name:
            text: str = value.decode("latin-1")
            return text
    return None
