"""What the operator asks of Python, each in a process of its own."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from kefu_operator.webhook.certificates import renewed


def told(program: str, *words: str, **variables: str) -> str:
    """What a Python program prints, given words and environment variables."""
    command = [sys.executable, "-c", program, *words]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env=os.environ | variables
    ).stdout.strip()


def test_the_operator_imports_neither_the_official_client_nor_what_that_brings() -> None:
    found = told("import sys, kefu_operator.run; print(*{each.split('.')[0] for each in sys.modules})").split()
    assert "kopf" in found
    assert not {"kubernetes", "oauthlib", "requests", "websocket"} & set(found)


def test_the_official_client_can_be_imported_afterwards() -> None:
    assert told("import kefu_operator.watch, kubernetes.aio.config as c; print(bool(c.load_kube_config))") == "True"


def test_kopf_gets_the_official_client_where_it_was_imported_before() -> None:
    program = "import sys, kubernetes; from kefu_operator.lean_kopf import kopf; print(sys.modules['kubernetes'] is kubernetes)"
    assert told(program) == "True"


def test_cycles_are_looked_for_seldom_and_tls_connections_keep_small_buffers() -> None:
    program = (
        "import asyncio, gc, ssl; from asyncio import sslproto; from kefu_operator import runtime; runtime.adjust()\n"
        "async def main():\n"
        "    made = sslproto.SSLProtocol(asyncio.get_running_loop(), asyncio.Protocol(), ssl.create_default_context(), None)\n"
        "    print(len(made._ssl_buffer), gc.get_threshold()[0], gc.get_freeze_count() > 1000)\n"
        "asyncio.run(main())"
    )
    assert told(program) == "65536 5000 True"


def test_what_aiohttp_keeps_for_connections_that_verify_nothing_holds_no_authority() -> None:
    program = (
        "from aiohttp import connector; from kefu_operator import runtime; runtime.adjust()\n"
        "loose = connector._SSL_CONTEXT_UNVERIFIED\n"
        "print(loose.cert_store_stats()['x509'], loose.verify_mode.name)"
    )
    assert told(program).split() == ["0", "CERT_NONE"]


def test_the_systems_authorities_are_read_by_the_first_connection_that_needs_them() -> None:
    program = (
        "import ssl; from aiohttp import connector; from kefu_operator import runtime\n"
        "usual = connector._SSL_CONTEXT_VERIFIED; runtime.adjust(); late = connector._SSL_CONTEXT_VERIFIED\n"
        "print(late.cert_store_stats()['x509'])\n"
        "late.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname='shop.example')\n"
        "print(late.cert_store_stats() == usual.cert_store_stats(), usual.cert_store_stats()['x509'] > 0)\n"
        "strict = lambda each: (each.verify_mode, each.check_hostname, each.options, each.verify_flags, each.minimum_version)\n"
        "print(strict(late) == strict(usual), late.verify_mode.name)"
    )
    assert told(program).split() == ["0", "True", "True", "True", "CERT_REQUIRED"]


def test_the_systems_authorities_are_what_decides_who_is_trusted(tmp_path: Path) -> None:
    bundle = renewed(None, ["localhost"], datetime.now(UTC))
    assert bundle
    chain, authorities = tmp_path / "chain.pem", tmp_path / "authorities.pem"
    chain.write_bytes(bundle.serving_key + bundle.serving)
    authorities.write_bytes(bundle.authorities)
    program = (
        "import sys, ssl, asyncio, aiohttp, uvloop; from kefu_operator import runtime; runtime.adjust()\n"
        "async def answer(reader, writer):\n"
        "    await reader.readuntil(b'\\r\\n\\r\\n')\n"
        "    writer.write(b'HTTP/1.1 204 No Content\\r\\n\\r\\n'); await writer.drain(); writer.close()\n"
        "async def main():\n"
        "    own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH); own.load_cert_chain(sys.argv[1])\n"
        "    server = await asyncio.start_server(answer, 'localhost', 0, ssl=own)\n"
        "    url = f'https://localhost:{server.sockets[0].getsockname()[1]}/'\n"
        "    async with aiohttp.ClientSession() as session:\n"
        "        try:\n"
        "            async with session.get(url) as found: print(found.status)\n"
        "        except aiohttp.ClientConnectorCertificateError as error: print(type(error).__name__)\n"
        "uvloop.run(main())"
    )
    assert told(program, str(chain), SSL_CERT_FILE=str(authorities)) == "204"
    assert told(program, str(chain)) == "ClientConnectorCertificateError"
