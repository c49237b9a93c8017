"""What the operator asks of Python, each in a process of its own."""

import subprocess
import sys


def told(program: str) -> str:
    """What a Python program prints."""
    return subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.strip()


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


def test_what_aiohttp_keeps_for_connections_that_verify_nothing_holds_no_authority_and_the_other_all() -> None:
    program = (
        "import ssl; from aiohttp import connector; from kefu_operator import runtime; runtime.adjust()\n"
        "loose, strict = connector._SSL_CONTEXT_UNVERIFIED, connector._SSL_CONTEXT_VERIFIED\n"
        "print(loose.cert_store_stats()['x509'], loose.verify_mode.name, strict.verify_mode.name)\n"
        "print(strict.cert_store_stats() == ssl.create_default_context().cert_store_stats())"
    )
    assert told(program).split() == ["0", "CERT_NONE", "CERT_REQUIRED", "True"]
