"""The page for developers: where programs connect."""

from typing import Final

from starlette.responses import Response

from sconto.domain.people import Action
from sconto.portal.pages import read
from sconto.portal.visit import Visit


async def show_developers(visit: Visit) -> Response:
    """API keys, webhooks, the stream of events, the reference and the manual."""
    return visit.render("developers.html", may_manage_keys=visit.caller.may(Action.MANAGE_PEOPLE))


PAGES: Final = (read("/developers", show_developers, Action.READ_EVENTS),)
