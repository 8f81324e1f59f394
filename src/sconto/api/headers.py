"""The header fields of a request."""

from starlette.requests import Request


def find_header(request: Request, name: bytes) -> str | None:
    """The first field of that name, which is in lower case.

    As Starlette's `request.headers.get`, which takes 2 µs and is asked four times a request.
    """
    for field, value in request.scope["headers"]:
        if field == name:
            text: str = value.decode("latin-1")
            return text
    return None
