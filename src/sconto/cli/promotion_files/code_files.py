"""Long lists of codes are in CSV files next to the file of promotions."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Final

from sconto.cli.file_layouts import say_place
from sconto.cli.promotion_files.kinds import Kind
from sconto.cli.promotion_files.planning import PromotionFileRefused
from sconto.cli.sentences import CODE_FAULTS
from sconto.domain.code_file import CodeFile, CodeLine, RefusedCodeLine
from sconto.domain.headings import CODE_COLUMN

MAX_INSIDE: Final = 100
"""Codes of a promotion that stand in the file itself."""

_FILE: Final = "file"
_PIECE: Final = 64 * 1024
_NAMED: Final = 20


def move_to_code_files(document: dict[str, Any], kinds: tuple[Kind, ...], path: Path) -> int:
    """Write long lists of codes to files, and name these in the document; returns their number."""
    folder = path.with_name(f"{path.stem}-codes")
    written = 0
    for holder, name, entry in _holders(document, kinds):
        codes = holder[name]
        if not isinstance(codes, list) or len(codes) <= MAX_INSIDE:
            continue
        folder.mkdir(exist_ok=True)
        written += 1
        file = folder / f"{entry.get('id', f'list-{written}')}.csv"
        file.write_text("".join(f"{code}\n" for code in (CODE_COLUMN, *codes)), encoding="utf-8")
        holder[name] = {_FILE: f"{folder.name}/{file.name}"}
    return written


def fetch_code_files(document: Any, kinds: tuple[Kind, ...], path: Path) -> None:
    """Read the codes of the files that a document names into it. Raises PromotionFileRefused."""
    faults: list[str] = []
    for holder, name, _ in _holders(document, kinds):
        named = holder[name]
        if not isinstance(named, dict):
            continue
        file = named.get(_FILE)
        if not isinstance(file, str) or len(named) > 1 or not _is_beside(file):
            faults.append(f"{name} must be a list of codes, or a file in a folder next to this one")
            continue
        try:
            holder[name] = _read_codes(path.parent / file, faults)
        except OSError as error:
            faults.append(f"{file} cannot be read: {error.strerror}")
    if faults:
        raise PromotionFileRefused(faults)


def _holders(
    document: Any, kinds: tuple[Kind, ...]
) -> Iterator[tuple[dict[str, Any], str, dict[str, Any]]]:
    """The objects of a document that have codes, the name of the codes, and the entry."""
    for kind in kinds:
        if kind.path_of_codes is None or not isinstance(document, dict):
            continue
        outer, name = kind.path_of_codes
        listed = document.get(kind.section)
        for entry in listed if isinstance(listed, list) else ():
            holder = entry.get(outer) if isinstance(entry, dict) else None
            if isinstance(holder, dict) and name in holder:
                yield holder, name, entry


def _is_beside(file: str) -> bool:
    parts = PurePosixPath(file)
    return not parts.is_absolute() and ".." not in parts.parts and bool(parts.name)


def _read_codes(path: Path, faults: list[str]) -> list[str]:
    reader, codes = CodeFile(), []
    refused: list[RefusedCodeLine] = []
    seen: set[str] = set()
    with path.open("rb") as file:
        pieces = iter(lambda: file.read(_PIECE), b"")
        for line in (one for piece in (*pieces, None) for one in _feed(reader, piece)):
            if isinstance(line, CodeLine):
                codes.append(line.code)
                if line.key in seen:
                    faults.append(f"{path.name}: line {line.line} has the code of an earlier line")
                seen.add(line.key)
            else:
                refused.append(line)
    faults += [
        f"{path.name}: {say_place(one.line, one.column)} {CODE_FAULTS[one.fault]}"
        for one in refused[:_NAMED]
    ]
    if (others := len(refused) - _NAMED) > 0:
        faults.append(f"{path.name}: and {others:,} more lines")
    return codes


def _feed(reader: CodeFile, piece: bytes | None) -> Iterator[CodeLine | RefusedCodeLine]:
    return reader.end() if piece is None else reader.feed(piece)
