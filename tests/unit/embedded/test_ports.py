"""Ports: free, and the same at the next start."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.embedded import ports
from migrator.embedded.problems import EmbeddedProblem


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server((ports.HOST, 0)) as server:
        yield server.getsockname()[1]


def test_a_taken_port_is_refused_with_a_sentence(taken: int) -> None:
    with pytest.raises(EmbeddedProblem, match=f"Port {taken} is taken.*--target-port"):
        ports.asked_for(taken, "--target-port")


def test_a_number_that_is_no_port_is_refused() -> None:
    with pytest.raises(EmbeddedProblem, match="70000 is no port"):
        ports.asked_for(70000)


def test_the_next_start_gets_the_same_port(tmp_path: Path) -> None:
    first = ports.remembered(tmp_path / "ports.json", "web", 20000)
    assert ports.remembered(tmp_path / "ports.json", "web", 30000) == first


def test_a_remembered_port_that_is_taken_is_replaced(tmp_path: Path, taken: int) -> None:
    memory = tmp_path / "ports.json"
    memory.write_text(f'{{"web": {taken}}}')
    found = ports.remembered(memory, "web", 20000)
    assert found != taken
    assert ports.remembered(memory, "web", 30000) == found


def test_two_names_get_two_ports(tmp_path: Path) -> None:
    memory = tmp_path / "ports.json"
    source = ports.remembered(memory, "source", 20000)
    assert ports.remembered(memory, "target", 20000, taken=frozenset({source})) != source


def test_a_damaged_memory_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text("{")
    assert ports.remembered(tmp_path / "ports.json", "web", 20000) >= 20000


def test_it_tells_who_listens(taken: int) -> None:
    assert ports.accepts(taken)
    assert not ports.accepts(ports.any_free(besides=taken))
