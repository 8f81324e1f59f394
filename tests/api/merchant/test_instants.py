"""Times in the merchant API: valid requests and answers."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sconto.api.merchant.instants import format_instant, no_end, parse_end, parse_start

MOSCOW = ZoneInfo("Europe/Moscow")
EARLIEST = datetime(1, 1, 1, 16, tzinfo=UTC)
LATEST = datetime(9999, 12, 31, 9, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2023-01-01T00:00:00+03:00", datetime(2022, 12, 31, 21, tzinfo=UTC)),
        ("2024-02-29T23:59:59-00:00", datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)),
        ("2023-01-01T00:00:00+14:00", datetime(2022, 12, 31, 10, tzinfo=UTC)),
        ("2023-01-01T00:00:00-14:00", datetime(2023, 1, 1, 14, tzinfo=UTC)),
        ("2023-01-01T00:00:00+05:45", datetime(2022, 12, 31, 18, 15, tzinfo=UTC)),
        ("9999-12-31T23:59:59+14:00", datetime(9999, 12, 31, 9, 59, 59, tzinfo=UTC)),
        ("0001-01-02T00:00:00+00:00", datetime(1, 1, 2, tzinfo=UTC)),
    ],
)
def test_a_time_with_an_offset_is_an_instant(text: str, instant: datetime) -> None:
    assert parse_start(text) == instant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2023-01-01",
        "2023-01-01T00:00:00",
        "2023-01-01T00:00:00Z",
        "2023-01-01T00:00:00z",
        "2023-01-01T00:00:00.000+03:00",
        "2023-01-01T00:00:00+0300",
        "2023-01-01T00:00:00+03",
        "2023-01-01T00:00:00+3:00",
        "2023-01-01T00:00+03:00",
        "2023-01-01 00:00:00+03:00",
        "2023-01-01t00:00:00+03:00",
        " 2023-01-01T00:00:00+03:00",
        "2023-01-01T00:00:00+03:00\n",
        "23-01-01T00:00:00+03:00",
        "12023-01-01T00:00:00+03:00",
        "-023-01-01T00:00:00+03:00",
        "\uff12\uff10\uff12\uff13-01-01T00:00:00+03:00",
        "01.01.3000 00:00",
        "2023-W01-1T00:00:00+03:00",
        "2023-00-01T00:00:00+03:00",
        "2023-13-01T00:00:00+03:00",
        "2023-02-29T00:00:00+03:00",
        "2023-04-31T00:00:00+03:00",
        "2023-01-00T00:00:00+03:00",
        "2023-01-01T24:00:00+03:00",
        "2023-01-01T00:60:00+03:00",
        "2023-01-01T23:59:60+03:00",
        "2023-01-01T00:00:00+14:01",
        "2023-01-01T00:00:00-14:01",
        "2023-01-01T00:00:00+24:00",
        "2023-01-01T00:00:00+99:59",
        "2023-01-01T00:00:00+03:60",
        "0000-01-01T00:00:00+00:00",
        "0001-01-01T00:00:00+03:00",
        "0001-01-01T00:00:00+00:00",
        "9999-12-31T23:59:59+00:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_any_other_format_date_or_offset_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"of|must|range|not"):
        parse_start(text)


OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
NEVER = datetime(9999, 12, 31, 23, 59, 59)  # noqa: DTZ001  # in no zone


@given(
    st.integers(0, 366 * 86_400).map(lambda seconds: NEVER - timedelta(seconds=seconds)),
    OFFSETS,
    st.sampled_from(sorted(available_timezones())),
)
def test_an_end_in_the_year_9999_is_answered_as_sent_or_as_its_last_second(
    local: datetime, sent_from: timezone, name: str
) -> None:
    instant = parse_end(local.replace(tzinfo=sent_from).isoformat())
    zone = ZoneInfo(name)
    offset = NEVER.replace(tzinfo=zone).utcoffset() or timedelta()
    answered = format_instant(instant, zone)
    until_never_in_utc = NEVER - local + (sent_from.utcoffset(None) or timedelta())
    if until_never_in_utc < offset:
        assert answered[:19] == "9999-12-31T23:59:59"
    else:
        assert datetime.fromisoformat(answered) == local.replace(tzinfo=sent_from)
    assert len(answered) == 25


@given(st.integers(-100_000, 0), st.integers(-100_000, 0), OFFSETS, OFFSETS)
def test_ends_around_the_last_second_keep_their_order(
    seconds: int, others: int, zone: timezone, other_zone: timezone
) -> None:
    one, other = NEVER + timedelta(seconds=seconds), NEVER + timedelta(seconds=others)
    offset, other_offset = (each.utcoffset(None) or timedelta() for each in (zone, other_zone))
    parsed = parse_end(one.replace(tzinfo=zone).isoformat())
    other_parsed = parse_end(other.replace(tzinfo=other_zone).isoformat())
    later = (one - other) - (offset - other_offset) > timedelta()
    assert (parsed > other_parsed) == later


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00+00:00", "0001-01-01T00:00:00+14:00", "0000-12-31T23:59:59-14:00"]
)
def test_an_end_before_the_year_1_somewhere_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"outside|range|year"):
        parse_end(text)


def test_an_instant_is_answered_in_the_servers_zone_whatever_zone_it_was_sent_in() -> None:
    assert format_instant(parse_start("2023-01-01T00:00:00+00:00"), MOSCOW) == (
        "2023-01-01T03:00:00+03:00"
    )
    assert format_instant(parse_start("2023-07-01T00:00:00-05:00"), ZoneInfo("Europe/Paris")) == (
        "2023-07-01T07:00:00+02:00"
    )
    assert format_instant(parse_start("0987-01-01T05:00:00+00:00"), ZoneInfo("UTC")) == (
        "0987-01-01T05:00:00+00:00"
    )


def test_a_historical_offset_with_seconds_is_written_in_minutes_for_the_same_instant() -> None:
    instant = parse_start("1800-01-01T00:00:00+00:00")
    assert format_instant(instant, MOSCOW) == "1800-01-01T02:30:00+02:30"


def test_no_end_is_the_year_3000_in_the_servers_zone() -> None:
    assert format_instant(no_end(MOSCOW), MOSCOW) == "3000-01-01T00:00:00+03:00"
    assert no_end(MOSCOW) == parse_start("2999-12-31T21:00:00+00:00")


@given(
    st.integers(0, int((LATEST - EARLIEST).total_seconds())).map(
        lambda seconds: EARLIEST + timedelta(seconds=seconds)
    ),
    st.sampled_from(sorted(available_timezones())),
)
def test_every_accepted_time_can_be_written_in_every_zone(instant: datetime, name: str) -> None:
    assert parse_start(instant.isoformat()) == instant
    answered = datetime.fromisoformat(format_instant(instant, ZoneInfo(name)))
    assert answered == instant
    assert (answered.utcoffset() or timedelta()) % timedelta(minutes=1) == timedelta()
