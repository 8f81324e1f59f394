"""Reads the parameters of an export."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sconto.api.faults import FieldFault, InvalidFields
from sconto.api.ids import read_id
from sconto.api.problem_json import pointer
from sconto.api.rfc3339 import RULE as INSTANT_RULE
from sconto.api.rfc3339 import read_instant
from sconto.domain.codes import code_key
from sconto.domain.exports import FILTERS, ExportFilter, ExportKind, FileFormat
from sconto.domain.names import is_reference
from sconto.domain.order import OrderStatus


class _Parameter(NamedTuple):
    """The condition that a parameter sets, and how its text is read (None: not valid)."""

    condition: str
    read: Callable[[str], Any]
    rule: str


def _one_of(*allowed: str) -> str:
    return f"must be one of {', '.join(allowed)}"


_STATES: Final = {"free": False, "used": True}

_PARAMETERS: Final[Mapping[str, _Parameter]] = {
    "from": _Parameter("since", read_instant, INSTANT_RULE),
    "until": _Parameter("until", read_instant, INSTANT_RULE),
    "status": _Parameter(
        "status",
        lambda text: OrderStatus(text) if text in tuple(OrderStatus) else None,
        _one_of(*OrderStatus),
    ),
    "customer_id": _Parameter(
        "customer_id",
        lambda text: text if is_reference(text) else None,
        "must be 1 to 64 characters",
    ),
    "promotion_id": _Parameter("promotion_id", read_id, "must be the id of a promotion"),
    "code": _Parameter("code_key", code_key, "must be a code"),
    "state": _Parameter("used", _STATES.get, _one_of(*_STATES)),
}


def read_export(
    kind: ExportKind, parameters: Sequence[tuple[str, str]]
) -> tuple[FileFormat, ExportFilter]:
    """The format of the file, and which rows it has. Raises InvalidFields."""
    known = {name: one for name, one in _PARAMETERS.items() if one.condition in FILTERS[kind]}
    faults: list[FieldFault] = []
    conditions: dict[str, Any] = {}
    file_format = FileFormat.CSV
    seen = set()
    for name, text in parameters:
        if name in seen:
            faults.append(FieldFault(pointer(name), "is given twice"))
        elif name == "format":
            if text in tuple(FileFormat):
                file_format = FileFormat(text)
            else:
                faults.append(FieldFault("/format", _one_of(*FileFormat)))
        elif name not in known:
            faults.append(FieldFault(pointer(name), "is unknown"))
        elif (value := known[name].read(text)) is None:
            faults.append(FieldFault(pointer(name), known[name].rule))
        else:
            conditions[known[name].condition] = value
        seen.add(name)
    if faults:
        raise InvalidFields(faults)
    return file_format, ExportFilter(**conditions)
