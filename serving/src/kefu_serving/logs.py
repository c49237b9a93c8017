"""One JSON object a log line, with user ids hashed, so that logs can be shipped without personal data."""

import hashlib
import hmac
import json
import logging
import sys
from datetime import UTC, datetime

_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)


class JsonFormatter(logging.Formatter):
    """Time, level, logger, message, then whatever the caller put under `extra={"fields": …}`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        line: dict[str, object] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "msg": record.getMessage(),
        }
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _ENCODER.encode(line)


def configure(level: str) -> None:
    """Sends every logger of the process to standard output as JSON lines; uvicorn's access log stays off."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("uvicorn").setLevel(max(logging.WARNING, logging.getLevelName(level)))


def hashed(text: str | None, salt: bytes) -> str | None:
    """A salted hash that names one user (or session) without saying who it is; 16 hex digits."""
    return hmac.digest(salt, text.encode(), hashlib.sha256).hex()[:16] if text else None
