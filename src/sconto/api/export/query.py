"""Reads the parameters of an export."""

from collections.abc import Mapping, Sequence
from typing import Final

from sconto.api.list_parameters import ORDER_FILTERS, Parameter, one_of, read_parameters
from sconto.domain.exports import FILTERS, ExportFilter, ExportKind, FileFormat

_STATES: Final = {"free": False, "used": True}

_CONDITIONS: Final[Mapping[str, Parameter]] = {
    **ORDER_FILTERS,
    "state": Parameter("used", _STATES.get, one_of(*_STATES)),
}

_FORMAT: Final = Parameter(
    "format",
    lambda text: FileFormat(text) if text in tuple(FileFormat) else None,
    one_of(*FileFormat),
)


def read_export(
    kind: ExportKind, parameters: Sequence[tuple[str, str]]
) -> tuple[FileFormat, ExportFilter]:
    """The format of the file, and which rows it has. Raises InvalidFields."""
    known = {name: one for name, one in _CONDITIONS.items() if one.field in FILTERS[kind]}
    sent = read_parameters(parameters, {**known, "format": _FORMAT})
    return sent.pop("format", FileFormat.CSV), ExportFilter(**sent)
