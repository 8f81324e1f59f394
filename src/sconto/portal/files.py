"""The portal's own files: styles, scripts and the icon.

A page names a file with a hash of its content, so a browser keeps the file for a year and requests
it again only when it has changed. Under any other address a browser asks each time whether its copy
is still valid (`ETag`), because the worker that answers may be of another version.
"""

from functools import lru_cache
from hashlib import sha256
from os import PathLike, stat, stat_result
from pathlib import Path
from typing import Final

from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_FOLDER: Final = Path(__file__).with_name("static")

_VERSION: Final = "v"

_FOR_A_YEAR: Final = "public, max-age=31536000, immutable"


def versioned(name: str) -> dict[str, str]:
    """The query of a file's address."""
    path = _FOLDER / name
    return {_VERSION: _version(path, stat(path).st_mtime_ns)}


def file_routes() -> Mount:
    """The addresses of the files."""
    return Mount("/static", _Files(directory=_FOLDER))


class _Files(StaticFiles):
    def file_response(
        self,
        full_path: str | PathLike[str],
        stat_result: stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """The file, or 304; cached without asking if the address names this content."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        asked = QueryParams(scope["query_string"]).get(_VERSION)
        if asked and asked == _version(Path(full_path), stat_result.st_mtime_ns):
            response.headers["Cache-Control"] = _FOR_A_YEAR
        return response


@lru_cache(200)
def _version(path: Path, _changed_at: int) -> str:
    return sha256(path.read_bytes()).hexdigest()[:16]
