"""A promotion: its terms, example prices and history."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from starlette.responses import Response

from sconto.domain.history import Entry, HistoryPage, Subject
from sconto.domain.overview import PromotionHeading, PromotionOverview
from sconto.domain.people import Action
from sconto.operations import history, overviews
from sconto.portal.facts import FACTS, fact_words
from sconto.portal.language import Language
from sconto.portal.pages import read
from sconto.portal.places import list_address
from sconto.portal.sentences import CODE_TYPES, TYPES, VERBS
from sconto.portal.visit import Visit

FactWords: TypeAlias = Callable[[Language, str, object], str]

ENTRIES: Final = 25
"""Entries on a page of a history."""


async def show_terms(visit: Visit) -> Response:
    """The terms, with example prices."""
    overview = await overviews.get_overview(
        visit.context.database, visit.caller, visit.id_in_path("promotion_id"), visit.today
    )
    at, examples = await overviews.price_examples(
        visit.context.database, visit.caller, overview, visit.now
    )
    return show_page(
        visit, "promotions/terms.html", overview, overview=overview, at=at, examples=examples
    )


async def show_history(visit: Visit) -> Response:
    """Who changed what and when."""
    heading = await find_heading(visit)
    page = await history.list_entries(
        visit.context.database,
        visit.caller,
        Subject.PROMOTION,
        heading.summary.id,
        limit=ENTRIES,
        before=visit.id_in_query("before"),
    )
    return show_page(
        visit,
        "promotions/history.html",
        heading,
        **shown_history(visit, page),
    )


async def find_heading(visit: Visit) -> PromotionHeading:
    """The promotion that the address names. Raises PromotionNotFound."""
    return await overviews.get_heading(
        visit.context.database, visit.caller, visit.id_in_path("promotion_id")
    )


def show_page(
    visit: Visit, template: str, heading: PromotionHeading | PromotionOverview, **values: Any
) -> Response:
    """A page about the promotion, below its name and the tabs."""
    return visit.render(
        template,
        heading=heading,
        summary=heading.summary,
        types=TYPES,
        code_types=CODE_TYPES,
        promotion_list=list_address(visit),
        may_write=visit.caller.may(Action.WRITE_PROMOTIONS),
        **values,
    )


def shown_history(visit: Visit, page: HistoryPage, words: FactWords = fact_words) -> dict[str, Any]:
    """What the template of a history needs; `words` turns a fact's value into words."""
    return {
        "entries": [(entry, differences(visit, entry, words)) for entry in page.entries],
        "next": page.entries[-1].id if page.more else None,
        "verbs": VERBS,
    }


def differences(visit: Visit, entry: Entry, words: FactWords) -> list[tuple[str, str, str]]:
    """What an entry changed: name, before and after, in the order in which it was recorded."""
    before, after = entry.change.before or {}, entry.change.after or {}

    def say(facts: Mapping[str, object], name: str) -> str:
        return (words if name in facts else fact_words)(visit.language, name, facts.get(name))

    return [
        (visit.gettext(FACTS.get(name, name)), say(before, name), say(after, name))
        for name in dict.fromkeys([*before, *after])
    ]


PAGES: Final = (
    read("/promotions/{promotion_id}", show_terms, Action.READ_PROMOTIONS),
    read("/promotions/{promotion_id}/history", show_history, Action.READ_PROMOTIONS),
)
