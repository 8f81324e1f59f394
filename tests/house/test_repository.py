"""No tracked file names one machine, and the locks fit the project."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.house.sources import ROOT

INDEX_ADDRESS = re.compile(
    r"(?:index-url|find-links|trusted-host)[ =]+\S*[:/.]|https?://\S+/simple\b|@ file:", re.I
)
MACHINE_PATH = re.compile(r"(?<![\w.:/-])/(?:home|mnt|root|Users|work)/\w")


def tracked_texts() -> Iterator[tuple[str, str]]:
    """Name and text of every tracked text file."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    for name in filter(None, listing.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and b"\0" not in (content := path.read_bytes()):
            yield name, content.decode()


def lines_with(pattern: re.Pattern[str], name: str, text: str) -> list[str]:
    if not pattern.search(text):
        return []
    return [
        f"{name}:{number}: {line}"
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


@pytest.mark.parametrize("pattern", [INDEX_ADDRESS, MACHINE_PATH], ids=["index", "machine"])
def test_no_tracked_file_names_a_machine_or_a_package_index(pattern: re.Pattern[str]) -> None:
    own = Path(__file__).relative_to(ROOT).as_posix()
    texts = [(name, text) for name, text in tracked_texts() if name != own]
    assert len(texts) > 10
    assert [line for name, text in texts for line in lines_with(pattern, name, text)] == []


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (INDEX_ADDRESS, "--index-url https://packages.example/simple"),
        (INDEX_ADDRESS, "--find-links ./wheels"),
        (INDEX_ADDRESS, "see https://packages.example/simple/"),
        (INDEX_ADDRESS, "sconto @ file:sconto.whl"),
        (MACHINE_PATH, "open('/home/ada/sconto')"),
        (MACHINE_PATH, "cd /home/ada/shop"),
    ],
)
def test_an_address_and_a_path_of_a_machine_are_found(pattern: re.Pattern[str], line: str) -> None:
    assert lines_with(pattern, "file", line) == [f"file:1: {line}"]


def pins(lock: str) -> dict[str, Version]:
    """Versions by name in a requirements file, in which every pin must have a hash."""
    text = (ROOT / "requirements" / lock).read_text()
    found = re.findall(r"^([\w.-]+)==([^\s;]+)(.*)\n    --hash=sha256:\w{64}", text, re.M)
    assert len(found) == len(re.findall(r"^[^\s#]", text, re.M)), f"{lock} has a line without hash"
    return {canonicalize_name(name): Version(version) for name, version, _ in found}


def asked_for(*groups: str) -> list[Requirement]:
    """The names of the dependencies in pyproject.toml, with those of these groups."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    listed = [line for group in groups for line in pyproject["dependency-groups"][group]]
    return [Requirement(line) for line in pyproject["project"]["dependencies"] + listed]


@pytest.mark.parametrize(
    ("lock", "groups"), [("run.txt", []), ("dev.txt", ["build", "check", "test"])]
)
def test_a_lock_pins_what_the_project_asks_for(lock: str, groups: list[str]) -> None:
    pinned = pins(lock)
    assert [
        f"{requirement}: {version} is pinned"
        for requirement in asked_for(*groups)
        if (version := pinned.get(canonicalize_name(requirement.name))) is None
        or version not in requirement.specifier
    ] == []


@pytest.mark.parametrize("lock", ["build.txt", "run.txt"])
def test_the_locks_agree(lock: str) -> None:
    dev = pins("dev.txt")
    assert {name: dev.get(name) for name in pins(lock)} == pins(lock)
