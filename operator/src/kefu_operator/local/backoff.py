"""How long to wait before a process that ended is started again."""

from dataclasses import dataclass, field


@dataclass
class Backoff:
    """Exponential delays, forgotten after a healthy while. Times in seconds."""

    first: float = 0.5
    factor: float = 2.0
    ceiling: float = 30.0
    healthy: float = 60.0
    """A process that ran this long counts as healthy: its next failure is the first again."""
    failures: int = field(default=0, init=False)

    def after(self, ran_for: float) -> float:
        """Delay after a process that ran for `ran_for` seconds."""
        if ran_for >= self.healthy:
            self.failures = 0
        delay = self.first * self.factor ** min(self.failures, 32)
        self.failures += 1
        return min(delay, self.ceiling)
