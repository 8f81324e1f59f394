"""The route of the audit log."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from sconto.api.access import require
from sconto.api.context import context_of
from sconto.api.json_answer import answer
from sconto.api.people import audit_wire as wire
from sconto.api.plain_route import PlainRoute
from sconto.domain.people import Action
from sconto.operations import audit


async def list_entries(request: Request) -> Response:
    """Who did what, when, and to what: the latest entry first.

    `before` and `after` have what differs, by Sconto's own names; new names may be added.
    """
    caller = require(request, Action.READ_AUDIT_LOG)
    query = wire.read_query(request.query_params.multi_items())
    page = await audit.list_entries(context_of(request).database, caller, query)
    return answer(wire.render_page(page))


ROUTES: Final = (PlainRoute("/people/v1/audit", list_entries, methods=["GET"]),)
