#!/usr/bin/env bash
# Makes .venv hold exactly what requirements/dev.txt pins, and the members of the workspace as editables.
# usage: hack/venv.sh   (PYTHON: interpreter to use, default python3; KEFU_CACHE: where uv is kept, default ~/.cache/kefu)
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${KEFU_CACHE:-$HOME/.cache/kefu}
python=${PYTHON:-python3}
uv_version=0.13.8

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "Kefu needs Python 3.11 or newer; $("$python" --version) is $(command -v "$python"). Set PYTHON=/path/to/python3.11." >&2
  exit 1
}
uv=$cache/tools/uv-$uv_version/bin/uv
if [ ! -x "$uv" ]; then
  echo "==> installing uv $uv_version into $cache/tools (once)"
  rm -rf "$cache/tools/uv-$uv_version"
  "$python" -m venv "$cache/tools/uv-$uv_version" || {
    echo "Python's venv module does not work; on Debian: apt-get install python3-venv" >&2
    exit 1
  }
  "$cache/tools/uv-$uv_version/bin/pip" install --quiet --disable-pip-version-check "uv==$uv_version" || {
    echo "uv could not be installed. Is the package index reachable? Try: $python -m pip download uv==$uv_version" >&2
    exit 1
  }
fi
mkdir -p "$cache/bin/uv" && ln -sfn "$uv" "$cache/bin/uv/uv"
[ -x .venv/bin/python ] || "$uv" venv --quiet --python "$python" .venv
echo "==> installing $(grep -c '==' requirements/dev.txt) pinned packages into .venv"
"$uv" pip install --quiet --python .venv/bin/python --require-hashes --requirement requirements/dev.txt
"$uv" pip install --quiet --python .venv/bin/python --no-deps \
  --editable crds --editable operator --editable serving --editable retrieval --editable pipelines
touch .venv/.ready
