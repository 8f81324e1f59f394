"""The sentences about what is wrong with the nodes of a Citus cluster."""

import json

from sconto.store.citus import NODE_SETTINGS, faults_of


def a_node(
    name: str = "10.0.0.1:5432", citus: str = "13.2-1", postgresql: int = 15, **settings: str
) -> tuple[str, bool, bool, str]:
    answer = {
        "citus": citus,
        "postgresql": postgresql,
        "settings": {**NODE_SETTINGS, **settings},
        "drawn": None,
    }
    return name, True, True, json.dumps(answer)


def test_nodes_that_agree_have_no_fault() -> None:
    assert faults_of([a_node(), a_node("10.0.0.2:5432", timezone="Etc/UTC")]) == []


def test_a_missing_setting_is_named_with_its_node() -> None:
    assert faults_of([a_node(), a_node("10.0.0.2:5432", timezone="Europe/Berlin", jit="on")]) == [
        "node 10.0.0.2:5432 lacks timezone = UTC, jit = off"
    ]


def test_a_node_that_does_not_answer_is_named() -> None:
    dead = ("10.0.0.2:5432", True, False, "failed to connect\nto it")
    assert faults_of([a_node(), dead]) == [
        "node 10.0.0.2:5432 does not answer: failed to connect to it"
    ]


def test_different_versions_are_named() -> None:
    assert faults_of([a_node(), a_node("10.0.0.2:5432", citus="13.1-1")]) == [
        "the nodes have different versions: Citus 13.2-1 on PostgreSQL 15 (10.0.0.1:5432); "
        "Citus 13.1-1 on PostgreSQL 15 (10.0.0.2:5432)"
    ]


def test_a_version_that_was_never_tried_is_named() -> None:
    assert faults_of([a_node(citus="12.1-1")]) == [
        "Citus 12.1-1 is older than 13.0, the oldest that Sconto was tried with"
    ]
