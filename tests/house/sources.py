"""Finds violations of the rules for Python sources."""

import ast
import re
from ast import literal_eval
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from inspect import cleandoc
from io import StringIO
from pathlib import Path
from tokenize import COMMENT, NL, STRING, generate_tokens

ROOT = Path(__file__).parents[2]

LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 70
VAGUE_NAMES = frozenset(
    ["base", "common", "core", "helper", "helpers", "manager", "misc", "util", "utils"]
)
CLOCK_READERS = frozenset(["now", "today", "utcnow"])


def python_files(*folders: str) -> list[Path]:
    """Every Python file under these folders of the repository, in a stable order."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def shown(path: Path) -> str:
    """The path relative to the root of the repository."""
    return path.relative_to(ROOT).as_posix()


def too_long(path: Path, source: str) -> Iterator[str]:
    """A file, or a function with its decorators, that is too long."""
    lines = len(source.splitlines())
    if lines > LINES_OF_A_FILE:
        yield f"{path}: {lines} lines, {LINES_OF_A_FILE} allowed"
    for node in _functions(ast.parse(source).body):
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        lines = (node.end_lineno or first) - first + 1
        if lines > LINES_OF_A_FUNCTION:
            allowed = f"{LINES_OF_A_FUNCTION} allowed"
            yield f"{path}:{first}: {node.name} has {lines} lines, {allowed}"


def vaguely_named(path: Path) -> Iterator[str]:
    """A module or package with a vague name."""
    for name in path.with_suffix("").parts:
        if name in VAGUE_NAMES:
            yield f"{path}: {name} does not say what it holds"


def named_alike(sources: Iterable[tuple[Path, str]]) -> Iterator[str]:
    """Classes of one name in several modules, with or without an underscore."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for path, source in sources:
        for name in re.findall(r"^class _*(\w+)", source, re.MULTILINE):
            found[name].append(str(path))
    for name, paths in found.items():
        if len(paths) > 1:
            yield f"{name} is a class of {' and of '.join(paths)}"


def with_words(path: Path, source: str, words: Iterable[str]) -> Iterator[str]:
    """Lines with one of these words, in a name too."""
    any_of = re.compile(rf"(?:\b|_)(?:{'|'.join(words)})(?:s|ed)?(?:\b|_)", re.IGNORECASE)
    if any_of.search(source):
        for number, line in enumerate(source.splitlines(), 1):
            if found := any_of.search(line):
                yield f"{path}:{number}: {found[0].strip('_')}"


def without_a_sentence(path: Path, source: str) -> Iterator[str]:
    """A module whose docstring does not open with a sentence."""
    opening = _docstring(source).split("\n\n")[0]
    if not opening.endswith("."):
        yield f"{path}: opens with {opening!r} where a sentence should tell what it is"


def _docstring(source: str) -> str:
    """The docstring of a module. It comes first, so the rest need not be parsed."""
    for token in generate_tokens(StringIO(source).readline):
        if token.type == STRING:
            return cleandoc(literal_eval(token.string))
        if token.type not in (COMMENT, NL):
            break
    return ""


def _functions(nodes: Sequence[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions in these statements and below; expressions have none."""
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            yield from _functions(getattr(node, name, ()))


def inexact(path: Path, source: str) -> Iterator[str]:
    """A binary float, or a division that makes one."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
                yield f"{path}:{node.lineno}: / makes a binary float"
            case ast.Name(id="float"):
                yield f"{path}:{node.lineno}: float is not exact"
            case ast.Constant(value=float() | complex()):
                yield f"{path}:{node.lineno}: {node.value!r} is a binary float"


def reading_a_clock(path: Path, source: str) -> Iterator[str]:
    """A call of `now`, `today` or `utcnow`. The linter forbids modules with a clock."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(attr=name)) if name in CLOCK_READERS:
                yield f"{path}:{node.lineno}: {name}() reads a clock; time is an argument"
