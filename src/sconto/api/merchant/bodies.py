"""The body of a request to the merchant API: an object, in JSON, said to be JSON."""

from starlette.requests import Request

from sconto.api.bodies import is_json, read_body
from sconto.api.strict_json import NotJson, parse_json
from sconto.domain.problems import UnsupportedMediaType


async def read_object(request: Request) -> dict[str, object]:
    """The members of the object that a request sends, in the order sent.

    Raises UnsupportedMediaType before anything of the body is read, then BodyTooLarge and NotJson.
    """
    if not is_json(request):
        raise UnsupportedMediaType
    document = parse_json(await read_body(request))
    if not isinstance(document, dict):
        raise NotJson
    return document
