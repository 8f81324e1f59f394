"""The portal in another language: words, numbers, amounts and days."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

import sconto.portal
from sconto.domain.money import PERCENT
from sconto.domain.people import Caller
from sconto.portal.language import language_for
from sconto.store.database import Database
from tests.builders import after_applied, amount_off, in_contract, percent_off, subscription_terms
from tests.portal.sessions import PortalClient
from tests.portal.shop import create_subscription, open_shop

LOCALES = Path(str(sconto.portal.__file__)).with_name("locales")
CATALOGUES = sorted(LOCALES.glob("*/LC_MESSAGES/messages.po"))
BERLIN = ZoneInfo("Europe/Berlin")


def messages_of(path: Path) -> Iterator[Message]:
    with path.open("rb") as file:
        yield from (message for message in read_po(file) if message.id)


def parts(text: object) -> list[str]:
    """The singular and the plural, if there is one."""
    return (
        [text] if isinstance(text, str) else [*map(str, text)] if isinstance(text, Sequence) else []
    )


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_a_translation_uses_only_the_texts_placeholders(path: Path) -> None:
    named = re.compile(r"%\(\w+\)s")
    offences = [
        text
        for message in messages_of(path)
        for text in parts(message.string)
        if not set(named.findall(text)) <= set(named.findall(" ".join(parts(message.id))))
    ]
    assert offences == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_the_compiled_catalogue_is_up_to_date(path: Path) -> None:
    with path.with_suffix(".mo").open("rb") as file:
        compiled = {parts(m.id)[0]: parts(m.string) for m in read_mo(file) if m.id}
    written = {parts(m.id)[0]: parts(m.string) for m in messages_of(path) if all(parts(m.string))}
    assert compiled == written


def test_there_is_a_catalogue() -> None:
    assert CATALOGUES != []


def test_values_follow_the_language() -> None:
    german, english = language_for("de-DE", BERLIN), language_for("", BERLIN)
    assert german.money(123456, "EUR") == "1.234,56\xa0€"
    assert english.money(123456, "EUR") == "€1,234.56"
    assert english.money(1234, "JPY") == "JP¥1,234"
    assert english.money(1234, "KWD") == "KWD1.234"
    # CLDR has no cents for these.
    assert english.money(15052, "RSD") == "RSD150.52"
    assert german.money(-150_500, "IQD") == "-150,500\xa0IQD"
    assert german.percent(12_500_000) == "12,5\xa0%"
    assert english.percent(PERCENT // 1_000_000) == "0.000001%"
    assert german.day(date(2026, 11, 2)) == "02.11.2026"


def test_an_instant_names_its_time_zone() -> None:
    english = language_for("en-GB", BERLIN)
    winter, summer = (datetime(2026, month, 1, 23, 5, tzinfo=UTC) for month in (1, 7))
    assert english.instant(winter) == "2 Jan 2026, 00:05 CET"
    assert english.instant(summer) == "2 Jul 2026, 01:05 CEST"
    assert english.day(winter) == "2 Jan 2026"


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_the_first_and_last_instants_are_shown_in_every_zone(zone: str) -> None:
    english = language_for("en-GB", ZoneInfo(zone))
    for moment in (datetime.max, datetime(9999, 12, 31, 23, 59, 59, 43_200)):  # noqa: DTZ001, DTZ901
        assert english.instant(moment.replace(tzinfo=UTC)).startswith("31 Dec 9999, ")
    first = datetime(1, 1, 1, tzinfo=UTC)
    assert english.day(first) == "1 Jan 1"


@pytest.mark.parametrize(
    ("accepted", "tag"),
    [
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.1", "de-AT"),
        ("fr, de;q=0.5, en;q=0.4", "de"),
        ("en-US", "en-US"),
        ("tlh", "en-GB"),
        ("*", "en-GB"),
        ("de;q=x", "en-GB"),
        ("de-XX-%%-1", "en-GB"),
    ],
)
def test_the_most_preferred_known_language_is_used(accepted: str, tag: str) -> None:
    assert language_for(accepted, BERLIN).tag == tag


async def test_the_portal_speaks_german(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    ids = await open_shop(database, merchant)
    german = replace(portal, language="de-DE,de;q=0.9")
    page = (await german.get("/promotions")).text
    assert '<html lang="de-DE">' in page
    assert "<h1>Aktionen</h1>" in page
    assert "12,5\xa0% auf 2 Produkte" in page
    page = (await german.get(f"/promotions/{ids['Tea lovers']}")).text
    assert "6,91\xa0€" in page
    terms = subscription_terms(
        percent_off("12.5", *map(after_applied, (1, 2, 3))), amount_off("9.90", in_contract(12))
    )
    promotion_id = await create_subscription(database, merchant, terms)
    page = (await german.get(f"/subscriptions/{promotion_id}")).text
    assert (
        "12,5\xa0% Rabatt auf die ersten 3 Bestellungen mit dem Code; "
        "9,90 Rabatt auf Bestellung 12 des Abos"
    ) in " ".join(re.split(r"[ \n]+", page))
