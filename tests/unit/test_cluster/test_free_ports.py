"""Ports for servers that cannot choose one themselves: nobody else is given them."""

import os
import socket
import subprocess
import sys

from hack.ports import BLOCK, BLOCKS, FIRST, free_port

ANOTHER = "from hack.ports import free_port; print(free_port(), flush=True); input()"


def another() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ANOTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    )


def first_word(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def test_processes_have_ports_of_their_own() -> None:
    ours = {free_port() for _ in range(BLOCK + BLOCK // 2)}
    with another() as one, another() as two:
        theirs = {first_word(one), first_word(two)}
        one.communicate("\n")
        two.communicate("\n")
    assert len(theirs) == 2
    assert theirs.isdisjoint(port // BLOCK * BLOCK + n for port in ours for n in range(BLOCK))
    assert all(FIRST <= port < FIRST + BLOCK * BLOCKS for port in ours | theirs)


def test_a_port_where_somebody_listens_is_not_given() -> None:
    with socket.create_server(("127.0.0.1", free_port())) as server:
        taken = server.getsockname()[1]
        assert taken not in {free_port() for _ in range(2 * BLOCK)}
