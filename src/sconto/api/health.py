"""What those who run Sconto ask: whether it lives, whether it is ready, and how it is doing."""

import asyncio
from typing import Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from sconto.api import problem_json
from sconto.api.context import context_of
from sconto.api.operator import require_operator
from sconto.api.plain_route import PlainRoute
from sconto.operations.readiness import Readiness, find_readiness

router: Final = APIRouter(tags=["Operation"], route_class=PlainRoute)


@router.head("/health/live", include_in_schema=False)
@router.get("/health/live", summary="Whether the process answers")
async def live(_: Request) -> Response:
    """Always 200: a restart would not bring a lost database back."""
    return JSONResponse({"status": "live"})


@router.head("/health/ready", include_in_schema=False)
@router.get(
    "/health/ready",
    summary="Whether requests can be served",
    responses={503: {"description": "Not now", "content": {problem_json.MEDIA_TYPE: {}}}},
)
async def ready(request: Request) -> Response:
    """503 while the database cannot be reached, or has another schema than this program."""
    require_operator(request)
    readiness = await find_readiness(context_of(request).database)
    if readiness is Readiness.READY:
        return JSONResponse({"status": "ready"})
    return problem_json.problem(503, f"Not ready: {readiness}.", {"Retry-After": "2"})


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    responses={200: {"description": "Over all workers", "content": {"text/plain": {}}}},
    response_class=Response,
)
async def metrics(request: Request) -> Response:
    """Requests and their durations, quotes, orders, redemptions, refusals, connections."""
    require_operator(request)
    context = context_of(request)
    context.metrics.show_pool(context.database.size)
    exposition = await asyncio.to_thread(context.metrics.exposition)
    return Response(exposition, media_type=CONTENT_TYPE_LATEST)
