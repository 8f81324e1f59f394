"""A form that was sent after its session had ended is shown again once its user signs in."""

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from typing import Final

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from sconto.operations import kept_forms
from sconto.operations.kept_forms import KeptFile, KeptForm
from sconto.portal.notices import Notice
from sconto.portal.pages import KEPT_COOKIE, KEPT_PATH, Audience, FormRoute, read
from sconto.portal.visit import Visit

_CHECKED: Final = ("step", "check")
"""What a form with steps is asked to do: it is shown, not saved."""


def kept_page(routes: Sequence[Route]) -> Route:
    """The page to which a user comes back; it shows the kept form of one of the routes."""
    forms = [route for route in routes if isinstance(route, FormRoute) and route.again]

    async def show_kept(visit: Visit) -> Response:
        key = visit.request.cookies.get(KEPT_COOKIE, "")
        kept = await kept_forms.find_form(visit.context.database, visit.caller, key, visit.now)
        return _missing(visit) if kept is None else await _show(visit, kept, forms)

    return read(KEPT_PATH, show_kept, Audience.SIGNED_IN)


async def _show(visit: Visit, kept: KeptForm, forms: Sequence[FormRoute]) -> Response:
    asked = visit.request.scope
    path = asked["root_path"] + kept.path
    scope = {
        **asked,
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
    }
    for route in forms:
        match, found = route.matches({**scope, "path_params": {}})
        if match is Match.FULL and route.again is not None and route.is_open_to(visit.caller):
            request = Request({**scope, **found}, visit.request.receive)
            text = visit.gettext("You are signed in again. This is what you typed: save it now.")
            return await route.again(
                replace(visit, request=request, form=_form_of(kept), notice=Notice(text))
            )
    return _missing(visit)


def _missing(visit: Visit) -> Response:
    return visit.render(
        "error.html",
        status=404,
        title=visit.gettext("No form is waiting for you"),
        text=visit.gettext(
            "Typed forms are kept for 12 hours, for the user who typed them."
            " Sign in as that user to continue."
        ),
    )


def _form_of(kept: KeptForm) -> FormData:
    fields: list[tuple[str, str | UploadFile]] = [_CHECKED]
    for name, value in kept.fields:
        if isinstance(value, KeptFile):
            file = BytesIO(value.content)
            fields.append((name, UploadFile(file, size=len(value.content), filename=value.name)))
        elif name != "step":
            fields.append((name, value))
    return FormData(fields)
