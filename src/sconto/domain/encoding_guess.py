"""A guess at the encoding of a file without a byte order mark."""

from collections.abc import Callable, Iterable
from typing import Final

from sconto.domain.csv_rows import CsvRows, is_unreadable, read_again
from sconto.domain.headings import heading_word
from sconto.domain.layout import Encoding

_CANDIDATES: Final = (Encoding.WESTERN, Encoding.CENTRAL, Encoding.CYRILLIC)


def guess_encoding(
    sample: bytes, count_bad: Callable[[Encoding], int], words: Iterable[str] = ()
) -> Encoding | None:
    """The encoding in which the fewest rows of the sample are bad; None if it is UTF-8.

    A known word in the first row decides. This is a guess: a person must check it.
    """
    rows = CsvRows(lenient=True)
    # The sample may end in the middle of a character.
    whole = sample[: sample.rfind(b"\n") + 1] or sample
    found = [*rows.feed(whole), *rows.end()]
    if not rows.has_unreadable:
        return None
    known = frozenset(words)
    first = found[0][1] if found else []
    if isinstance(first, list) and any(map(is_unreadable, first)):
        for encoding in _CANDIDATES:
            if any(heading_word(read_again(value, encoding)) in known for value in first):
                return encoding
    return min(_CANDIDATES, key=count_bad)
