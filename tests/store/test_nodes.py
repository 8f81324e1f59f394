"""Which nodes of a distributed database are asked, and what the log says about them."""

import pytest

from sconto.store.nodes import Node, Nodes

ONE, TWO = Node(1, "10.0.0.1:5432", 3), Node(2, "10.0.0.2:5432", 5)


@pytest.fixture
def nodes() -> Nodes:
    nodes = Nodes()
    nodes.keep([ONE, TWO])
    return nodes


def test_a_node_that_does_not_answer_is_logged_once_and_when_it_answers_again(
    nodes: Nodes, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        nodes.note_silent(ONE, OSError("Connection\nrefused"))
    assert nodes.silent == [ONE.address]
    for _ in range(3):
        nodes.note_answer(ONE)
        nodes.note_answer(TWO)
    assert nodes.are_all_there
    gone, back = caplog.messages
    assert gone.startswith(f"node {ONE.address} does not answer")
    assert gone.endswith("Connection refused")
    assert back == f"node {ONE.address} answers again"


def test_a_silent_node_is_not_asked_each_time(nodes: Nodes) -> None:
    assert nodes.to_ask() == [ONE, TWO]
    nodes.note_silent(ONE, TimeoutError())
    assert nodes.to_ask() == [TWO]


def test_a_node_that_left_the_cluster_is_not_silent(nodes: Nodes) -> None:
    nodes.note_silent(ONE, OSError("gone"))
    nodes.place(7, ONE.group)
    nodes.keep([TWO])
    assert nodes.are_all_there
    assert nodes.group_of(7) is None
