"""Icons, drawn into the page so that they take the colour of its text."""

import re
from functools import cache
from pathlib import Path
from typing import Final

from markupsafe import Markup

_FOLDER: Final = Path(__file__).with_name("static") / "vendor" / "lucide"

_SHAPES: Final = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


@cache
def icon(name: str) -> Markup:
    """The icon of a vendored file, as decoration: a word next to it says what it means.

    Raises FileNotFoundError for a name without a file.
    """
    shapes = _SHAPES.search((_FOLDER / f"{name}.svg").read_text())
    assert shapes is not None, f"{name}.svg is not a picture"  # noqa: S101
    start = '<svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">'
    # The files are ours, as published; no user writes them.
    return Markup(f"{start}{' '.join(shapes[1].split())}</svg>")  # noqa: S704
