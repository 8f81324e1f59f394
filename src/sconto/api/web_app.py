"""The application: Starlette with the context, and without a layer that has no work here."""

from starlette.applications import Starlette
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp

from sconto.api.context import Context


class WebApp(Starlette):
    """Starlette without its own answer to unexpected failures, which `Observation` gives.

    `context` is an attribute of its own, because each look at Starlette's `state` makes an
    exception and drops it, and a request looks six times.
    """

    context: Context

    def build_middleware_stack(self) -> ASGIApp:
        """The middleware without Starlette's outermost."""
        stack = super().build_middleware_stack()
        return stack.app if isinstance(stack, ServerErrorMiddleware) else stack
