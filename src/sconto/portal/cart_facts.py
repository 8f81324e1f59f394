"""The facts that a history recorded about a cart promotion, in words."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from sconto.domain.cart_promotion import (
    ALL_PRODUCTS,
    Benefit,
    Conditions,
    Limits,
    ProductSelection,
    Target,
)
from sconto.domain.hours import Hours
from sconto.portal.cart_sentences import (
    TARGETS,
    benefit_words,
    condition_words,
    hours_words,
    limit_words,
    selection_words,
)
from sconto.portal.facts import fact_words
from sconto.portal.language import Language


def cart_fact_words(language: Language, name: str, value: object) -> str:
    """The value of a fact; a term that was not set was recorded as None."""
    words = _WORDS.get(name)
    return fact_words(language, name, value) if words is None else words(language, value)


def _several(
    kind: Any, words: Callable[[Language, Any], list[str]], absent: object
) -> Callable[[Language, object], str]:
    def say(language: Language, value: object) -> str:
        said = words(language, absent if value is None else msgspec.convert(value, kind))
        return "; ".join(said) or language.gettext("none")

    return say


def _hours(language: Language, value: object) -> str:
    if value is None:
        return language.gettext("none")
    return hours_words(language, msgspec.convert(value, Hours))


_WORDS: Final[Mapping[str, Callable[[Language, Any], str]]] = {
    "target": lambda language, value: language.gettext(TARGETS[Target(value)]),
    "benefit": lambda language, value: benefit_words(language, msgspec.convert(value, Benefit)),
    "hours": _hours,
    "products": _several(ProductSelection, selection_words, ALL_PRODUCTS),
    "conditions": _several(Conditions, condition_words, Conditions()),
    "limits": _several(Limits, limit_words, Limits()),
    "on_discounted": lambda language, value: fact_words(language, "", value is not False),
    "exclusive": lambda language, value: fact_words(language, "", bool(value)),
    "priority": lambda language, value: language.number(value or 0),
}
