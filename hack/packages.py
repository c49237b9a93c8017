"""Debian packages that the tests need and that no Python or Go registry holds, installed when this runs as root."""

import os
import shutil
import subprocess
import sys

PROGRAMS: dict[str, tuple[str, ...]] = {
    "chromium": ("chromium",),
    "curl": ("curl",),
    "git": ("git",),
    "mariadb": ("mariadb-server-core", "mariadb-client-core"),
    "openssl": ("openssl",),
    "pg_lsclusters": ("postgresql",),
    "tesseract": ("tesseract-ocr", "tesseract-ocr-chi-sim", "fonts-noto-cjk"),
    "wrk": ("wrk",),
}
"""Program that must be on PATH → packages that bring it and its data. The cluster and the images see to their own."""


def missing() -> list[str]:
    """Packages whose program is not on PATH."""
    return [package for program, packages in PROGRAMS.items() if shutil.which(program) is None for package in packages]


def main() -> int:
    """Install what is missing; say what to do where that is impossible."""
    packages = missing()
    if not packages:
        return 0
    line = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print(f"Please install {', '.join(packages)}; on Debian: sudo {' '.join(line)}", file=sys.stderr)
        return 1
    print(f"==> installing {', '.join(packages)} with apt-get", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for step in (["apt-get", "update"], line):
        done = subprocess.run(step, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{' '.join(step)} failed:\n{done.stderr[-2000:]}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
