"""Errors of the operator: foreign exceptions are translated into these where they enter.

OperatorError
├── SettingsError       the environment or a mounted table is wrong; the process cannot start
├── NotOurs             an object of that name exists and was made by somebody else
├── NotLeading          another operator holds the lease, or may hold it by now
├── PrometheusAway      Prometheus cannot be reached or cannot answer now
├── QueryRefused        Prometheus does not understand what it is asked
└── ApiError            the API server refused or did not answer
    ├── Temporary       trying again helps
    │   ├── Unavailable     no connection, time-out, 5xx
    │   │   ├── Silent          a watch said nothing for long: it had nothing to say, or is dead
    │   │   └── Unadmitted      an admission webhook, which somebody else runs, did not answer
    │   ├── Throttled       429; `retry_after` seconds
    │   └── Conflict        409, the object changed or is going away
    ├── Expired         410, a watch must list anew
    ├── Absent          404
    ├── Forbidden       403: rights, quota or admission
    └── Rejected        400, 422 and other 4xx: the object is not valid
"""


class OperatorError(Exception):
    """Root of the tree."""


CONFIGURATION_ERROR = 78
"""Exit code of a process that ends by a `SettingsError`: EX_CONFIG of sysexits."""


class SettingsError(OperatorError):
    """The environment or a mounted table is wrong; the text names the variable and the remedy."""


class NotOurs(OperatorError):
    """An object of the wanted name exists and was made by somebody else; it is left as it is."""


class NotLeading(OperatorError):
    """Another operator holds the lease, or may hold it by now: nothing may be written."""


class PrometheusAway(OperatorError):
    """Prometheus cannot be reached or cannot answer now; trying again helps."""


class QueryRefused(OperatorError):
    """Prometheus does not understand the expression, which is a defect of ours."""


class ApiError(OperatorError):
    """The API server refused or did not answer.

    Attributes:
        status: HTTP status; 0 where there was no answer.
        retry_after: seconds that the server asks to wait; 0 where it does not say.
    """

    def __init__(self, message: str, status: int = 0, retry_after: float = 0) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class Temporary(ApiError):
    """Trying again helps."""


class Unavailable(Temporary):
    """No connection, a time-out or a 5xx."""


class Silent(Unavailable):
    """A watch said nothing for long. It had nothing to say, or it is dead: to go on from where it was costs nothing and tells."""


class Unadmitted(Unavailable):
    """An admission webhook did not answer. Whoever runs it must see to that, so it is told."""


class Throttled(Temporary):
    """Too many requests."""


class Conflict(Temporary):
    """The object changed meanwhile, exists already, or is going away."""


class Expired(ApiError):
    """The resource version is too old to watch from."""


class Absent(ApiError):
    """No such object, or no such kind."""


class Forbidden(ApiError):
    """The operator lacks the right, or a quota or an admission rule refused the object."""


class Rejected(ApiError):
    """The object is not valid, or changes what cannot be changed."""


REFUSED = (Forbidden, Rejected, Unadmitted)
"""What is the matter with one object alone: others may be written all the same."""

_BY_STATUS: dict[int, type[ApiError]] = {
    403: Forbidden,
    404: Absent,
    408: Unavailable,
    409: Conflict,
    410: Expired,
    429: Throttled,
}


def api_error(status: int, message: str, retry_after: float = 0) -> ApiError:
    """The error that stands for an HTTP status."""
    away = Unadmitted if "failed calling webhook" in message else Unavailable
    kind = _BY_STATUS.get(status, Rejected if 400 <= status < 500 else away)
    return kind(message, status, retry_after)
