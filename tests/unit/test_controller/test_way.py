"""The way to the API server, from what pods and people have."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kefu_operator.client.way import by_kubeconfig, by_service_account
from kefu_operator.errors import SettingsError


def kubeconfig(folder: Path, user: dict[str, Any], **cluster: Any) -> Path:
    path = folder / "config"
    path.write_text(json.dumps({
        "current-context": "a", "contexts": [{"name": "a", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://api.example:6443/", **cluster}}],
        "users": [{"name": "u", "user": user}],
    }))  # fmt: skip
    return path


def test_a_token_that_stands_in_the_file(tmp_path: Path) -> None:
    way = by_kubeconfig(kubeconfig(tmp_path, {"token": "t"}, **{"tls-server-name": "kubernetes"}))
    assert way is not None
    assert (way.server, way.token(), way.server_name) == ("https://api.example:6443", "t", "kubernetes")


def test_a_token_of_another_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    way = by_kubeconfig(kubeconfig(tmp_path, {"tokenFile": "token"}))
    assert way is not None
    assert way.token() == "from-file"


@pytest.mark.parametrize("user", [{"exec": {"command": "login"}}, {"auth-provider": {"name": "oidc"}}])
def test_a_login_by_another_program_is_left_to_the_official_client(user: dict[str, Any], tmp_path: Path) -> None:
    assert by_kubeconfig(kubeconfig(tmp_path, user)) is None


@pytest.mark.parametrize("text", ["", "{}", "- a", "current-context: a", "contexts: {"])
def test_a_file_that_lacks_something_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(SettingsError, match="KUBECONFIG"):
        by_kubeconfig(path)


def test_without_a_service_account_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="set KUBECONFIG, or run in a pod"):
        by_service_account(tmp_path)


def test_the_client_loads_no_other_one() -> None:
    code = "import sys, kefu_operator.client; sys.exit(', '.join({'kubernetes', 'requests', 'urllib3'} & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
