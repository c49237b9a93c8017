import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kefu_operator.local import ports
from kefu_operator.local.errors import PortTaken
from kefu_operator.local.ports import LOOPBACK, PortBook, demand, is_free


@pytest.fixture
def taken() -> Iterator[int]:
    with closing(socket.socket()) as server:
        server.bind((LOOPBACK, 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_port_stays_the_same_in_this_run_and_the_next(tmp_path: Path) -> None:
    book = PortBook(tmp_path / "ports.json")
    first = book.port("shop-gateway/admin")
    assert book.port("shop-gateway/admin") == first
    assert PortBook(tmp_path / "ports.json").port("shop-gateway/admin") == first


def test_names_get_different_ports(tmp_path: Path) -> None:
    book = PortBook(tmp_path / "ports.json")
    assert len({book.port(str(number)) for number in range(50)}) == 50


def test_a_remembered_port_that_somebody_took_meanwhile_is_given_up(tmp_path: Path, taken: int) -> None:
    (tmp_path / "ports.json").write_text(f'{{"a": {taken}}}')
    chosen = PortBook(tmp_path / "ports.json").port("a")
    assert chosen != taken
    assert is_free(LOOPBACK, chosen)


def test_a_port_in_use_by_our_own_process_is_kept(tmp_path: Path) -> None:
    book = PortBook(tmp_path / "ports.json")
    port = book.port("a")
    with closing(socket.socket()) as ours:
        ours.bind((LOOPBACK, port))
        ours.listen()
        assert book.port("a") == port


def test_a_damaged_memory_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text("{")
    assert PortBook(tmp_path / "ports.json").port("a") > 0


def test_a_port_that_the_user_wants_and_cannot_have_is_named_with_its_option(taken: int) -> None:
    with pytest.raises(PortTaken, match=rf"port {taken} on 127\.0\.0\.1 is in use.*--port") as caught:
        demand(LOOPBACK, taken)
    assert caught.value.exit_code == 69


def test_a_port_is_none_that_an_outgoing_connection_could_take(tmp_path: Path) -> None:
    book = PortBook(tmp_path / "ports.json")
    assert {book.port(str(number)) for number in range(50)} <= set(ports.RANGE)


def test_when_all_ports_are_in_use(tmp_path: Path, taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "RANGE", range(taken, taken + 1))
    with pytest.raises(PortTaken, match=f"all ports from {taken} to {taken} on .* are in use"):
        PortBook(tmp_path / "ports.json").port("a")
