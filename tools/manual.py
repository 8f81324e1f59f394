"""Builds the manual from docs/: for `make docs`, and before the wheel is packed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT: Final = Path(__file__).parents[1]
SITE: Final = ROOT / "src" / "sconto" / "api" / "static" / "manual"

_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")


class ManualHook(BuildHookInterface[Any]):
    """Builds the manual into the wheel. A link to a source checkout gets none: `make docs`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build it before the files are collected."""
        if version != "editable" and _is_stale():
            build()


def build() -> None:
    """Rebuild all pages; exits with what the builder says about broken links."""
    shutil.rmtree(SITE, ignore_errors=True)
    command = ["build", "--clean", "--strict", "--config-file", "zensical.toml"]
    run = subprocess.run(
        [sys.executable, "-m", "zensical", *command],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if run.returncode != 0:
        shutil.rmtree(SITE, ignore_errors=True)
        warnings = _COLOUR.sub("", run.stdout).partition("Traceback")[0]
        sys.exit(f"{warnings}The manual is not built: see the warnings above.")
    _drop_unused()


def _is_stale() -> bool:
    """Whether the site lacks, or is older than, one of its sources."""
    first = SITE / "index.html"
    sources = [ROOT / "zensical.toml", Path(__file__), *(ROOT / "docs").rglob("*")]
    return not first.exists() or first.stat().st_mtime < max(
        source.stat().st_mtime for source in sources
    )


def _drop_unused() -> None:
    """Remove what no page names: pictures of the README, the theme's other look."""
    (SITE / "404.html").unlink(missing_ok=True)  # its links fit one base path alone
    pages = "".join(page.read_text() for page in SITE.glob("*.html"))
    for folder in ("pictures", "assets/stylesheets"):
        for path in (SITE / folder).rglob("*"):
            if path.is_file() and path.name not in pages:
                path.unlink()


if __name__ == "__main__":
    build()
