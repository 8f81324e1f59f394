"""The dashboard and the alert rules: they parse, and a service has their figures."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import promql_parser
import pytest
import yaml

from tests.house.sources import ROOT

ALERTS: Final = ROOT / "deploy" / "prometheus" / "alerts.yaml"
DASHBOARD: Final = json.loads((ROOT / "deploy" / "grafana" / "sconto.json").read_text())
MANUAL: Final = (ROOT / "docs" / "monitoring.md").read_text()
PROMTOOL: Final = shutil.which("promtool")

_NAME: Final = re.compile(r"\bsconto_\w+\b")
_SUFFIX: Final = re.compile(r"_(bucket|count|sum)$")


def rules() -> list[dict[str, Any]]:
    """All alert rules."""
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions() -> Iterator[str]:
    """The expressions of the rules and panels, with values for Grafana's variables."""
    for rule in rules():
        yield rule["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield target["expr"].replace("$__rate_interval", "5m")
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            [series] = re.findall(r"label_values\((.*), \w+\)", variable["definition"])
            yield series


@pytest.fixture
async def shown(client: httpx.AsyncClient) -> set[str]:
    """The names of the figures that a service shows, without the suffixes of a histogram."""
    text = (await client.get("/metrics")).text
    names = set(re.findall(r"^# TYPE (sconto_\w+) ", text, re.M))
    return {name for name in names if not name.endswith("_created")}


async def test_every_figure_of_rules_dashboard_and_manual_exists(shown: set[str]) -> None:
    asked = {_SUFFIX.sub("", name) for one in expressions() for name in _NAME.findall(one)}
    assert asked - shown == set()
    listed = set(re.findall(r"^\| `(sconto_\w+)` ", MANUAL, re.M))
    assert listed == shown


def test_every_expression_parses() -> None:
    found = list(expressions())
    assert len(found) > 20
    for one in found:
        promql_parser.parse(one)


def test_the_manual_lists_the_alerts() -> None:
    assert re.findall(r"^\| `(Sconto\w+)` \|", MANUAL, re.M) == [rule["alert"] for rule in rules()]
    assert all({"summary", "description"} == rule["annotations"].keys() for rule in rules())


def test_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert taken.isdisjoint(cells), panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
def test_each_alert_fires_when_it_should_and_not_before(tmp_path: Path) -> None:
    cases = Path(__file__).with_name("alerts_test.yaml")
    for file in (ALERTS, cases):
        shutil.copy(file, tmp_path)
    assert all(rule["alert"] in cases.read_text() for rule in rules())
    run = subprocess.run(
        ["promtool", "test", "rules", cases.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
