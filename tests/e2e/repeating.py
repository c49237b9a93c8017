"""Doing one thing again and again beside a test."""

import threading
import time
from abc import ABC, abstractmethod
from typing import Self


class Repeating(ABC):
    """Acts for as long as the block lasts, in a thread; what goes wrong with the network is kept, and it goes on."""

    pause = 0.1
    """Seconds between two times."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @abstractmethod
    def act(self) -> None:
        """Once."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=180)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.act()
            except OSError as error:
                self.failures.append(str(error))
            time.sleep(self.pause)
