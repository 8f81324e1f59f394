"""The JSON Schema of files of promotions, which `make openapi` writes."""

from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("static") / "promotions.schema.json"


def read_text() -> str:
    """The text of the schema."""
    return FILE.read_text()
