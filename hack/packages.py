"""Debian packages that the tests need and that no Python or Go registry holds, installed when this runs as root."""

import sys

from hack.cluster.apt import install
from hack.cluster.errors import ClusterError

PROGRAMS: dict[str, tuple[str, ...]] = {
    "chromium": ("chromium",),
    "curl": ("curl",),
    "git": ("git",),
    "mariadb": ("mariadb-server-core", "mariadb-client-core"),
    "openssl": ("openssl",),
    "pg_lsclusters": ("postgresql",),
    "prometheus": ("prometheus",),
    "tesseract": ("tesseract-ocr", "tesseract-ocr-chi-sim", "fonts-noto-cjk"),
    "wrk": ("wrk",),
}
"""Program that must be on PATH → packages that bring it and its data. The cluster and the images see to their own."""


def main() -> int:
    """Install what is missing; say what to do where that is impossible."""
    try:
        install({package: program for program, packages in PROGRAMS.items() for package in packages})
    except ClusterError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
