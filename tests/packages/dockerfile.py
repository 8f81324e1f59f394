"""The steps of deploy/Dockerfile, read by Docker's own parser."""

from typing import Any, Final

import dockerfile

from tests.house.sources import ROOT

PATH: Final = ROOT / "deploy" / "Dockerfile"


def instructions() -> list[Any]:
    """The instructions in their order: `cmd`, `value`, `flags`."""
    return list(dockerfile.parse_file(str(PATH)))
