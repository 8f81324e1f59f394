"""Codes as JSON: reading requests and writing answers."""

from collections.abc import Iterable, Mapping
from typing import Final
from zoneinfo import ZoneInfo

from sconto.api.faults import first_names
from sconto.api.merchant.errors import Fault, fault, invalid_body
from sconto.api.merchant.instants import format_instant
from sconto.api.merchant.values import read_codes
from sconto.domain.blanks import trim
from sconto.domain.code_list import MAX_CODES_LISTED, CodeQuery, CodeState, ListedCode
from sconto.domain.codes import count_different, is_typed_code
from sconto.domain.numbers import parse_id

_FIELD: Final = "coupon_code"

_QUERY: Final = ("limit", "cursor", "search_string", "state")


def read_query(sent: Iterable[tuple[str, str]]) -> CodeQuery:
    """The query in an address's parameters; of repeated names the last counts.

    Raises Refused with 11010 for each parameter that is not valid or unknown.
    """
    texts = dict(sent)
    limit = _read_limit(texts.get("limit", "100"))
    state = next((one for one in CodeState if one == texts.get("state")), None)
    bad = [] if limit is not None else ["limit"]
    if "search_string" in texts and not trim(texts["search_string"]):
        bad.append("search_string")
    if "state" in texts and state is None:
        bad.append("state")
    unknown = [name for name in texts if name not in _QUERY]
    if bad or unknown or limit is None:
        raise invalid_body(*(fault(11010, name) for name in [*bad, *unknown]))
    return CodeQuery(limit, texts.get("cursor"), texts.get("search_string"), state)


def read_codes_to_add(body: Mapping[str, object]) -> tuple[str, ...]:
    """The codes to add. Raises Refused with all faults."""
    sent = read_codes(body[_FIELD]) if _FIELD in body else None
    faults: list[Fault] = []
    if sent is not None and sent.faulty:
        faults.append(fault(11010, _FIELD))
    elif sent is None or not sent.valid:
        faults.append(fault(11070))
    if sent is not None and count_different(sent.valid) < len(sent.valid):
        faults.append(fault(11080))
    return _faultless(body, sent.valid if sent else (), faults)


def read_codes_to_remove(body: Mapping[str, object]) -> tuple[str, ...]:
    """The codes to remove. Raises Refused with all faults."""
    sent = read_codes(body[_FIELD], is_typed_code) if _FIELD in body else None
    if sent is None or not (sent.valid or sent.faulty):
        return _faultless(body, (), [fault(11070)])
    return _faultless(body, sent.valid, [fault(11010, _FIELD)] if sent.faulty else [])


def wants_csv(accept: str) -> bool:
    """Whether CSV is the first accepted type."""
    return accept.partition(",")[0].partition(";")[0].strip().lower() == "text/csv"


def write_code(code: ListedCode, zone: ZoneInfo) -> dict[str, object]:
    """A code, with the order that used it up, if any."""
    answer: dict[str, object] = {
        "coupon_code": code.code,
        "coupon_id": code.id,
        "state": code.state.value,
        "coupon_uses": code.uses,
    }
    if code.used_at is not None:
        answer |= {"used_by": code.used_by, "used_at": format_instant(code.used_at, zone)}
    return answer


def _read_limit(text: str) -> int | None:
    limit = parse_id(text)
    return limit if limit is not None and limit <= MAX_CODES_LISTED else None


def _faultless(
    body: Mapping[str, object], codes: tuple[str, ...], faults: list[Fault]
) -> tuple[str, ...]:
    unknown = first_names(name for name in body if name != _FIELD)
    faults += [fault(11010, name) for name in unknown]
    if faults:
        raise invalid_body(*faults)
    return codes
