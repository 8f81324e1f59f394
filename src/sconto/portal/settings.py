"""The settings of the merchant: the shop's name, times, currency, links, and who may sign in."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from sconto.domain.merchant_settings import (
    CODE_PLACE,
    MerchantSettings,
    Setting,
    is_code_link,
    known_time_zones,
)
from sconto.domain.names import NAME_LENGTH
from sconto.domain.people import Action
from sconto.domain.people_problems import SettingsRefused
from sconto.operations import users
from sconto.operations.settings import change_settings, merchant_settings
from sconto.portal.notices import Notice
from sconto.portal.pages import read, write
from sconto.portal.visit import DEFAULT_CURRENCY, Visit
from sconto.portal.words import marked

EXAMPLE_LINK: Final = f"https://shop.example/?code={CODE_PLACE}"

_EXAMPLE_CODE: Final = "SUMMER10"

_FAULTS: Final = {
    Setting.SHOP_NAME: marked("A name has 1 to %(number)s characters."),
    Setting.TIME_ZONE: marked("This is not a time zone such as Europe/Berlin."),
    Setting.CURRENCY: marked("A currency has three letters, such as EUR."),
    Setting.CODE_LINK: marked("This is not a link with {code} once, such as %(example)s"),
}


async def show(visit: Visit) -> Response:
    """The settings."""
    return await _render(visit, await merchant_settings(visit.context.database, visit.caller))


async def save(visit: Visit) -> Response:
    """Save the settings, or show the faults at their fields."""
    new = _typed(visit)
    try:
        await change_settings(visit.context.database, visit.caller, new)
    except SettingsRefused as refused:
        return await _render(visit, new, refused.faults)
    visit.context.profiles.invalidate()
    return visit.redirect("/settings", Notice(visit.gettext("The settings are saved.")))


async def show_again(visit: Visit) -> Response:
    """The form as it was typed."""
    return await _render(visit, _typed(visit))


def _typed(visit: Visit) -> MerchantSettings:
    return MerchantSettings(
        visit.field("shop_name") or None,
        visit.field("time_zone") or None,
        visit.field("currency").upper() or None,
        visit.field("code_link") or None,
        visit.field("requires_two_factor") == "on",
    )


async def _render(
    visit: Visit, settings: MerchantSettings, faults: Sequence[Setting] = ()
) -> Response:
    words = {"number": NAME_LENGTH, "example": EXAMPLE_LINK}
    user = await users.get_user(visit.context.database, visit.caller, visit.caller.user_id)
    return visit.render(
        "settings.html",
        status=422 if faults else 200,
        settings=settings,
        merchant=user.merchant,
        faults={fault.value: visit.gettext(_FAULTS[fault]) % words for fault in faults},
        zones=sorted(known_time_zones()),
        server_zone=visit.server_zone.key,
        default_currency=DEFAULT_CURRENCY,
        example_link=EXAMPLE_LINK,
        sample=_sample(settings),
    )


def _sample(settings: MerchantSettings) -> str | None:
    """An example of a link; None for a pattern that is not valid."""
    is_valid = settings.code_link is not None and is_code_link(settings.code_link)
    return settings.link_for(_EXAMPLE_CODE) if is_valid else None


PAGES: Final = (
    read("/settings", show, Action.MANAGE_SETTINGS),
    write("/settings", save, Action.MANAGE_SETTINGS, again=show_again),
)
