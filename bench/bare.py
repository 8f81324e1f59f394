"""The limit for quotes: a minimal application with the same requests and answers."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_MERCHANT = int(os.environ["BENCH_MERCHANT"])
_ANSWER = Path(os.environ["BENCH_ANSWER"]).read_bytes()
_SELECT = "SELECT name, price FROM products WHERE merchant_id = $1 AND product_id = $2"


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["BENCH_DATABASE_URL"], min_size=1) as pool:
        app.state.pool = pool
        yield


async def answer(request: Request) -> Response:
    """Read the cart and answer."""
    msgspec.json.decode(await request.body())
    return Response(_ANSWER, media_type="application/json")


async def select_and_answer(request: Request) -> Response:
    """Read the cart, look up one of its products, and answer."""
    cart = msgspec.json.decode(await request.body())
    await request.app.state.pool.fetchrow(_SELECT, _MERCHANT, cart["lines"][0]["product_id"])
    return Response(_ANSWER, media_type="application/json")


async def ready(_: Request) -> Response:
    """Say that the application is ready."""
    return Response()


app = Starlette(
    routes=[
        Route("/answer", answer, methods=["POST"]),
        Route("/select", select_and_answer, methods=["POST"]),
        Route("/health/ready", ready),
    ],
    lifespan=_lifespan,
)
