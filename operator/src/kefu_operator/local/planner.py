"""From what the user's files declare to the plan that is carried out, and to what the plan's processes find mounted."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kefu_api.manifests import Manifests
from kefu_operator.local import pins
from kefu_operator.local.encoder import VARIABLE, find_encoder
from kefu_operator.local.ingestion import Memory
from kefu_operator.local.mounts import Contents
from kefu_operator.local.options import RunOptions, plan_settings
from kefu_operator.local.placement import LocalPlacement
from kefu_operator.local.plan import LocalPlan, plan
from kefu_operator.local.pushed import Pushed
from kefu_operator.local.sources import Sources
from kefu_operator.local.state import StateFolder


@dataclass(frozen=True)
class Planned:
    """One plan, and the ConfigMaps and Secrets that it mounts."""

    plan: LocalPlan
    contents: Contents


@dataclass(frozen=True)
class Planner:
    """Plans for one instance, by what arrived there and was published there until now."""

    options: RunOptions
    environment: Mapping[str, str]
    models: Path
    """Folder of the models' cache."""
    state: StateFolder
    placement: LocalPlacement
    memory: Memory
    sources: Sources
    pushed: Pushed
    extra_env: dict[str, str]
    """Variables of every process; where the built-in encoder lies is added to them."""

    def __call__(self, bundle: Manifests) -> Planned:
        """Plan the bundle.

        Raises:
            LocalError: it cannot be served here.
        """
        if any(index.spec.embedding.builtin for index in bundle.indexes):
            self.extra_env[VARIABLE] = str(find_encoder(self.models, self.environment, self.options.encoder))
        bundle = pins.applied(bundle, pins.read(self.state), self.memory)
        pushed = {
            index.metadata.name: tuple(source.name for source in index.spec.sources if source.push)
            for index in bundle.indexes
        }

        def digests(index: str) -> Mapping[str, str]:
            return {**self.sources.digests(index), **self.pushed.digests(index, pushed[index])}

        made = plan(bundle, self.placement, plan_settings(self.environment), self.options.host, digests)
        generated = {secret.name: self.state.secret(secret) for secret in made.generated_secrets}
        return Planned(made, Contents(bundle.config_maps, {**bundle.secrets, **generated}))
