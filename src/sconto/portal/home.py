"""The home page: figures, what needs attention, and the next promotions."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from sconto.domain.home import MAX_OF_A_CONCERN, Attention, Concern
from sconto.domain.people import Action
from sconto.operations import home as operation
from sconto.portal.attention_sentences import ICONS, attention_words
from sconto.portal.pages import read
from sconto.portal.places import promotion_page
from sconto.portal.promotion_calendar import draw_calendar, strip_window
from sconto.portal.visit import Visit

_STEP: Final = 15


async def show_home(visit: Visit) -> Response:
    """The home page, for users who may read promotions."""
    window = strip_window(visit)
    home = await operation.show_home(
        visit.context.database, visit.caller, visit.now, visit.today, window
    )
    named = [one for concern in Concern for one in _of(home.attention, concern)[:MAX_OF_A_CONCERN]]
    return visit.render(
        "home.html",
        report=home.report,
        attention=[
            (
                ICONS[one.concern],
                one,
                promotion_page(one.promotion.kind, one.promotion.id),
                _words(visit, one),
            )
            for one in named
        ],
        is_cut=len(named) < len(home.attention),
        steps=home.steps,
        calendar=draw_calendar(visit, home.entries, window, _STEP),
        more_entries=home.more_entries,
        may_write=visit.caller.may(Action.WRITE_PROMOTIONS),
        may_manage_keys=visit.caller.may(Action.MANAGE_PEOPLE),
    )


def _of(attention: Sequence[Attention], concern: Concern) -> Sequence[Attention]:
    return [one for one in attention if one.concern is concern]


def _words(visit: Visit, one: Attention) -> str:
    return attention_words(visit.language, one, visit.now)


PAGES: Final = (read("/home", show_home, Action.READ_PROMOTIONS),)
