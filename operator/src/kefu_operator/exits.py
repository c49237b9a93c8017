"""Exit codes of the `kefu` command, so that scripts can tell a mistake from an outage.

Above 2 they follow `sysexits.h`.
"""

OK = 0
FAILED = 1
"""There are findings, or what was asked for did not succeed."""
USAGE = 2
"""The command line is wrong."""
UNAVAILABLE = 69
"""A port, a server, the network or another process is in the way; trying again later can help."""
CANNOT_CREATE = 73
"""A file cannot be written, mostly because the disk is full."""

MEANING = {
    OK: "done",
    FAILED: "findings, or what was asked for failed",
    USAGE: "wrong command line",
    UNAVAILABLE: "something needed is unavailable: a port, a server, the network",
    CANNOT_CREATE: "a file cannot be written, e.g. disk full",
}
