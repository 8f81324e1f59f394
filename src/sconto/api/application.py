"""The application: Starlette without a layer that has no work here."""

from starlette.applications import Starlette
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp


class Application(Starlette):
    """Starlette without its own answer to unexpected failures, which `Observation` gives."""

    def build_middleware_stack(self) -> ASGIApp:
        """The middleware without Starlette's outermost."""
        stack = super().build_middleware_stack()
        return stack.app if isinstance(stack, ServerErrorMiddleware) else stack
