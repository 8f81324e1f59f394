"""YAML as exact as JSON: texts, whole numbers, true, false, null, lists and objects.

Other numbers are kept as they are written. Dates stay texts, and so do `no` and `on`. Aliases and
names that are given twice are refused. Readers of YAML 1.1 and of YAML 1.2 read the same from what
is written here.
"""

import re
from collections.abc import Hashable
from typing import Any, Final

import yaml

from sconto.api.strict_json import DEPTH, Number

_TAGS: Final = "tag:yaml.org,2002:"
_CORE: Final = (
    ("null", "~|null|Null|NULL|", "~nN\0"),
    ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", "[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?",
        "-+.0123456789",
    ),
)
"""Texts without quotes that are not texts, by their first signs: the core schema of YAML 1.2."""

_DIGITS: Final = 4000
"""Digits of the longest whole number that Python reads."""


class NotYaml(Exception):
    """The text cannot be read; the message says where and why."""


class _YamlReader(yaml.CSafeLoader):
    """Reads only what `_CORE` and the three kinds of YAML's own structure have."""

    def mapping(self, node: yaml.MappingNode) -> dict[Hashable, Any]:
        """An object. Raises NotYaml for names that are not texts or are given twice."""
        found: dict[Hashable, Any] = {}
        for name_node, value_node in node.value:
            name = self.construct_object(name_node, deep=True)
            if not isinstance(name, str):
                raise NotYaml(_at(name_node.start_mark, f"the name {name!r} must be a text"))
            if name in found:
                raise NotYaml(_at(name_node.start_mark, f"the name {name!r} is given twice"))
            found[name] = self.construct_object(value_node, deep=True)
        return found

    def sequence(self, node: yaml.SequenceNode) -> list[Any]:
        """A list."""
        return [self.construct_object(item, deep=True) for item in node.value]

    def integer(self, node: yaml.ScalarNode) -> int | Number:
        """A whole number."""
        text = str(node.value)
        return int(text) if len(text) <= _DIGITS else Number(text)

    def refused(self, node: yaml.Node) -> Any:
        """Refuse a tag that JSON has nothing for."""
        raise NotYaml(_at(node.start_mark, f"the tag {node.tag} is not known"))


class _Writer(yaml.CSafeDumper):
    """Quotes each text that a reader of YAML 1.1 or 1.2 would not take for a text."""


# Nothing of YAML 1.1: no dates, no `yes`, no numbers to the base 60.
_YamlReader.yaml_implicit_resolvers = {}
_YamlReader.yaml_constructors = {}
for _name, _texts, _first in _CORE:
    for _class in (_YamlReader, _Writer):
        _pattern = re.compile(f"^(?:{_texts})$")
        _class.add_implicit_resolver(f"{_TAGS}{_name}", _pattern, list(_first.replace("\0", "")))
_YamlReader.yaml_implicit_resolvers.setdefault("", []).append((f"{_TAGS}null", re.compile("^$")))
_YamlReader.add_constructor(f"{_TAGS}null", lambda *_: None)
_YamlReader.add_constructor(f"{_TAGS}bool", lambda _, node: node.value.lower() == "true")
_YamlReader.add_constructor(f"{_TAGS}int", _YamlReader.integer)
_YamlReader.add_constructor(f"{_TAGS}float", lambda _, node: Number(node.value))
_YamlReader.add_constructor(f"{_TAGS}str", lambda _, node: node.value)
_YamlReader.add_constructor(f"{_TAGS}seq", _YamlReader.sequence)
_YamlReader.add_constructor(f"{_TAGS}map", _YamlReader.mapping)
_YamlReader.add_constructor(None, _YamlReader.refused)
_Writer.add_representer(
    Number, lambda writer, number: writer.represent_scalar(f"{_TAGS}float", number.text)
)


def read_yaml(raw: bytes) -> Any:
    """The value of a document: None, bool, str, int, Number, list and dict. Raises NotYaml."""
    try:
        _refuse_excess(raw)
        return yaml.load(raw, _YamlReader)  # noqa: S506  # it constructs nothing else
    except yaml.MarkedYAMLError as error:
        raise NotYaml(_at(error.problem_mark, error.problem or "is not YAML")) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise NotYaml(f"is not YAML in UTF-8: {str(error).splitlines()[0]}") from None


def write_yaml(value: object) -> str:
    """The value as a document, its names in their order. No text depends on the line's length."""
    text: str = yaml.dump(
        value, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=10_000, indent=2
    )
    return text


def _refuse_excess(raw: bytes) -> None:
    """Refuse aliases, which can stand for more than memory holds, and deep nesting."""
    depth = 0
    for event in yaml.parse(raw, yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise NotYaml(_at(event.start_mark, "aliases such as *name are not allowed"))
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEPTH:
            raise NotYaml(_at(event.start_mark, f"is nested deeper than {DEPTH}"))


def _at(mark: Any, what: str) -> str:
    return what if mark is None else f"line {mark.line + 1}: {what}"
