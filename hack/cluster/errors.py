"""What can go wrong with the development cluster.

ClusterError                a sentence that says what failed and what to do
├── UsageError              the command or a variable of the environment is wrong
├── PreflightError          the machine lacks something: root, a package, disk, a free address
├── BuildError              a program could not be compiled
└── StartError              a process did not become ready
"""


class ClusterError(Exception):
    """A failure whose text is meant for the person at the keyboard."""


class UsageError(ClusterError):
    """The command line or the environment asks for something that does not exist."""


class PreflightError(ClusterError):
    """The machine lacks something that the cluster needs; the text says how to get it."""


class BuildError(ClusterError):
    """The Go toolchain is missing or refused; the text ends with its last lines."""


class StartError(ClusterError):
    """A process ended or stayed unready; the text names its log and quotes the end of it."""
