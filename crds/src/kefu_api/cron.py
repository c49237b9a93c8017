"""When a cron expression is due: arithmetic of `cronsim`, which keeps to Debian's cron. All times are UTC."""

from datetime import UTC, datetime

from cronsim import CronSim, CronSimError


def following(expression: str, after: datetime) -> datetime | None:
    """The first time later than `after` at which it is due; None where that is never within 50 years."""
    return _first(expression, after, reverse=False)


def preceding(expression: str, before: datetime) -> datetime | None:
    """The last time before `before` at which it was due; None alike."""
    return _first(expression, before, reverse=True)


def _first(expression: str, at: datetime, *, reverse: bool) -> datetime | None:
    try:
        return next(CronSim(expression, at.astimezone(UTC), reverse=reverse), None)
    except CronSimError:
        return None  # it names a day that no month has; shape and rules have refused all else
