"""Writes the types of the Python client: a `TypedDict` for each model, an alias for each enum."""

import inspect
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from keyword import iskeyword
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

import sconto
from openapi.document import OPERATIONS

FOLDER: Final = Path(sconto.__file__).with_name("client") / "bodies"
"""Where the generated modules are."""

_PACKAGE: Final = "sconto.client.bodies"
_ENUMS: Final = "words"
_HEAD: Final = "# Written by `make openapi` from the models in openapi/: do not edit.\n"

Model = type[BaseModel]


def written() -> dict[Path, str]:
    """The text of each generated module."""
    models: dict[Model, None] = {}
    for type_ in _types():
        _collect(type_, models)
    by_module: dict[str, list[Model]] = {}
    for model in models:
        by_module.setdefault(_module_of(model), []).append(model)
    enums: dict[type[StrEnum], None] = {}
    texts = {
        FOLDER / f"{name}.py": _write_module(name, found, enums)
        for name, found in by_module.items()
    }
    texts[FOLDER / f"{_ENUMS}.py"] = _write_enums(enums)
    return {path: _format(text) for path, text in texts.items()}


def _types() -> Iterator[Any]:
    for operation in OPERATIONS.values():
        yield from (content.of for content in operation.body.values())
        for answer in operation.answers.values():
            yield from (content.of for content in answer.content.values())


def _collect(type_: Any, models: dict[Model, None]) -> None:
    """Add the models in a type, each after those that it refers to."""
    if isinstance(type_, type) and issubclass(type_, BaseModel):
        if type_ in models:
            return
        for parent in type_.__bases__:
            if parent is not BaseModel:
                _collect(parent, models)
        for hint in get_type_hints(type_).values():
            _collect(hint, models)
        models[type_] = None
        return
    for part in get_args(type_):
        _collect(part, models)


def _module_of(model: Model) -> str:
    return model.__module__.removeprefix("openapi.").removesuffix("_models")


def _write_module(name: str, models: list[Model], enums: dict[type[StrEnum], None]) -> str:
    imports: dict[str, set[str]] = {}
    bodies = [_write_model(model, _Names(name, imports, enums)) for model in models]
    head = [
        f'"""The bodies of `{name}` as they are sent and answered."""\n',
        _HEAD,
        "from typing import Any, Literal, NotRequired, TypedDict\n",
        *(f"from {module} import {', '.join(sorted(imports[module]))}\n" for module in imports),
    ]
    return "\n".join([*head, *bodies])


class _Names:
    """Writes types as the text of one module, and notes what that imports."""

    def __init__(
        self, module: str, imports: dict[str, set[str]], enums: dict[type[StrEnum], None]
    ) -> None:
        self._module = module
        self._imports = imports
        self._enums = enums

    def write(self, type_: Any) -> str:
        """The type as Python text."""
        origin, parts = get_origin(type_), get_args(type_)
        if origin in (Union, UnionType):
            kept = [part for part in parts if not _is_absent(part)]
            return " | ".join(dict.fromkeys(map(self.write, kept)))
        if origin is Annotated:
            return self.write(parts[0])
        if origin is Literal:
            return f"Literal[{', '.join(map(repr, parts))}]"
        if origin is not None:
            return f"{origin.__name__}[{', '.join(map(self.write, parts))}]"
        return self._write_class(type_)

    def _write_class(self, type_: Any) -> str:
        if isinstance(type_, type) and issubclass(type_, StrEnum):
            self._enums[type_] = None
            return self.name(type_.__name__, _ENUMS)
        if isinstance(type_, type) and issubclass(type_, BaseModel):
            return self.name(type_.__name__, _module_of(type_))
        if type_ is NoneType:
            return "None"
        if type_.__module__ == "datetime":
            return "str"  # in JSON
        return "Any" if type_ is Any else str(type_.__name__)

    def name(self, name: str, module: str) -> str:
        """The name of another generated type."""
        if module != self._module:
            self._imports.setdefault(f"{_PACKAGE}.{module}", set()).add(name)
        return name


def _is_absent(part: Any) -> bool:
    """Whether a part of a union says that the field may be left out."""
    return get_origin(part) is Annotated and any(
        type(one).__name__ == "SkipJsonSchema" for one in get_args(part)[1:]
    )


def _write_model(model: Model, names: _Names) -> str:
    hints = get_type_hints(model, include_extras=True)
    fields = {
        field.alias or name: (field, _key(names.write(hints[name]), required=field.is_required()))
        for name, field in model.model_fields.items()
        if name in inspect.get_annotations(model)
    }
    summary = inspect.getdoc(model) or ""
    if any(map(iskeyword, fields)):
        items = ", ".join(f"{name!r}: {text}" for name, (_, text) in fields.items())
        return f'{model.__name__} = TypedDict("{model.__name__}", {{{items}}})\n"""{summary}"""\n'
    parents = [
        names.name(parent.__name__, _module_of(parent))
        for parent in model.__bases__
        if parent is not BaseModel
    ]
    lines = [f"class {model.__name__}({', '.join(parents) or 'TypedDict'}):", _docstring(summary)]
    for name, (field, text) in fields.items():
        lines += [f"    {name}: {text}", *_remark(field)]
    return "\n".join(lines) + "\n"


def _key(text: str, *, required: bool) -> str:
    return text if required else f"NotRequired[{text}]"


def _remark(field: FieldInfo) -> Iterable[str]:
    return [_docstring(field.description)] if field.description else []


def _docstring(text: str) -> str:
    lines = [line for part in text.split("\n") for line in textwrap.wrap(part, 88) or [""]]
    end = "\n" if len(lines) > 1 else ""
    return textwrap.indent(f'"""{chr(10).join(lines)}{end}"""', "    ")


def _write_enums(enums: Mapping[type[StrEnum], None]) -> str:
    aliases = [
        f"{enum.__name__} = Literal[{', '.join(repr(member.value) for member in enum)}]\n"
        for enum in sorted(enums, key=lambda enum: enum.__name__)
    ]
    opening = '"""Texts that a field may have."""\n'
    return "\n".join([opening, _HEAD, "from typing import Literal\n", *aliases])


def _format(text: str) -> str:
    """The text without unused imports, in the style of this repository."""
    for arguments in (
        ("check", "--quiet", "--fix-only", "--select", "F401,I", "--stdin-filename", "bodies.py"),
        ("format", "--quiet", "--stdin-filename", "bodies.py"),
    ):
        command = [sys.executable, "-m", "ruff", *arguments, "-"]
        text = subprocess.run(
            command, input=text, capture_output=True, text=True, check=True
        ).stdout
    return text
