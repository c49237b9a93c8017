"""Pods that are one engine begin together and end together: the program in front of the engine in each of them.

The parts of a vLLM find one another once, while they load. One that is started anew can never join those that still run, and
those wait for it in vain. So the leader waits until every worker has called it, tells all to begin, and the connections stay:
when a part ends, or its node is gone, they end, and with them all other parts. Their kubelets start them anew, and they find
one another again. The program comes as an argument, as that of draining does, since vLLM's image holds nothing of ours.
"""

from kefu_operator.plan.group import LEADER_ADDRESS, WORKER_INDEX

PORT = 8001
"""Where the leader waits for its workers."""
SILENCE_SECONDS = 40
"""After so long without a sign of life a node counts as gone."""
END_SECONDS = 20
"""Time that an engine gets to end once its group has broken."""

PROGRAM = """\
import os, select, signal, socket, subprocess, sys, threading, time

size, port, silence, end, version, leader, rank, *command = sys.argv[1:]
size, port, silence, rank = int(size), int(port), int(silence), int(rank)
child, why = None, []

def say(text):
    print("together:", text, file=sys.stderr, flush=True)

def told_to_end(number, frame):
    if child is None:
        sys.exit(128 + number)
    child.send_signal(number)

def watched(link):
    link.settimeout(None)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", silence // 4), ("TCP_KEEPINTVL", silence // 8), ("TCP_KEEPCNT", 6)):
        link.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), max(1, value))
    return link

def read(link):
    try:
        return link.recv(256).decode(errors="replace").split()
    except OSError:
        return []

def called():
    # As the leader: the connection of every worker, once all are there.
    dual = socket.has_dualstack_ipv6()
    server = socket.create_server(
        ("", port), family=socket.AF_INET6 if dual else socket.AF_INET, dualstack_ipv6=dual, backlog=64
    )
    links, strangers = {}, set()
    while len(links) < size - 1:
        missing = [each for each in range(1, size) if each not in links]
        say("waiting for pod " + ", ".join(map(str, missing)) + " of the group")
        ready, _, _ = select.select([server, *links.values(), *strangers], [], [])
        for link in ready:
            if link is server:
                strangers.add(watched(server.accept()[0]))
                continue
            words = read(link)
            # A worker says nothing more: what can be read of one that is known is its end.
            links = {number: known for number, known in links.items() if known is not link}
            strangers.discard(link)
            if len(words) == 2 and words[0] == version and words[1].isdigit() and 0 < int(words[1]) < size:
                links[int(words[1])] = link
            else:
                link.close()
    for link in links.values():
        link.sendall(b"begin")
    return {number: links[number] for number in sorted(links)}

def calling():
    # As a worker: the connection to the leader, once it says that all are there.
    while True:
        try:
            link = watched(socket.create_connection((leader, port), timeout=5))
            link.sendall(f"{version} {rank}".encode())
            if read(link) == ["begin"]:
                return {0: link}
            link.close()
        except OSError as error:
            say(f"waiting for the leader at {leader}: {error}")
        time.sleep(1)

def follow(links):
    names = {link: number for number, link in links.items()}
    gone = select.select(list(names), [], [])[0]
    why.append(f"pod {names[gone[0]]} of the group has ended: this one does too, so that all begin anew")
    say(why[0])
    child.terminate()
    try:
        child.wait(float(end))
    except subprocess.TimeoutExpired:
        child.kill()

for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, told_to_end)
links = calling() if rank else called()
say("all pods of the group are there")
own = next(iter(links.values())).getsockname()[0].removeprefix("::ffff:")
child = subprocess.Popen(command, env={**os.environ, "VLLM_HOST_IP": own})
threading.Thread(target=follow, args=(links,), daemon=True).start()
code = child.wait()
sys.exit(1 if why else code if code >= 0 else 128 - code)
"""


def together(
    python: str,
    size: int,
    version: str,
    command: tuple[str, ...],
    port: int = PORT,
    silence: int = SILENCE_SECONDS,
    end: float = END_SECONDS,
) -> tuple[str, ...]:
    """The command of a container of a group that runs `command` while all of its group run.

    Args:
        python: name of the interpreter in the engine's image.
        size: pods of the group.
        version: a word; pods of another one are not of the same group, but of what is about to be replaced.
        command: of this pod's part; it sees its pod's address as `VLLM_HOST_IP`.
        port: of the leader.
        silence: seconds without a sign of life until a node counts as gone.
        end: seconds that a part gets to end once another one is gone.
    """
    words = (str(size), str(port), str(silence), f"{end:g}", version, f"$({LEADER_ADDRESS})", f"$({WORKER_INDEX})")
    return (python, "-c", PROGRAM, *words, *command)
