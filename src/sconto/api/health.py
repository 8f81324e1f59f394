"""For operators: whether the service is alive, whether it is ready, and its figures."""

import asyncio
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sconto.api import problem_json
from sconto.api.context import context_of
from sconto.api.metrics_address import FOR_MONITORING
from sconto.api.operator import require_operator, require_scraper
from sconto.api.plain_route import PlainRoute
from sconto.operations.readiness import Readiness, find_readiness

_NOT_READY: Final = {
    Readiness.NO_DATABASE: "Not ready: the database cannot be reached.",
    Readiness.SCHEMA_OLDER: "Not ready: the database's schema is older than this program's.",
    Readiness.SCHEMA_NEWER: "Not ready: the database's schema is newer than this program's.",
}


async def live(_: Request) -> Response:
    """Always 200: a restart would not bring a lost database back."""
    return JSONResponse({"status": "live"})


async def ready(request: Request) -> Response:
    """503 while the database cannot be reached, or has another schema than this program.

    If some nodes of a distributed database do not answer, it is ready for the merchants of the
    others, and `silent_nodes` names them.
    """
    # Probes cannot send a secret. They use an address that only monitoring reaches.
    if not request.scope.get(FOR_MONITORING):
        require_operator(request)
    database = context_of(request).database
    readiness = await find_readiness(database)
    if readiness is Readiness.READY:
        silent = database.nodes.silent
        return JSONResponse({"status": "ready", **({"silent_nodes": silent} if silent else {})})
    return problem_json.problem(503, _NOT_READY[readiness], {"Retry-After": "2"})


async def metrics(request: Request) -> Response:
    """Requests and their durations, quotes, orders, redemptions, refusals, connections."""
    require_scraper(request)
    context = context_of(request)
    context.metrics.show_pool(context.database.size)
    exposition = await asyncio.to_thread(context.metrics.exposition)
    return Response(exposition, media_type=CONTENT_TYPE_LATEST)


ROUTES: Final = (
    PlainRoute("/health/live", live, methods=["GET", "HEAD"]),
    PlainRoute("/health/ready", ready, methods=["GET", "HEAD"]),
    PlainRoute("/metrics", metrics, methods=["GET"]),
)
