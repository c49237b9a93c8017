"""The releases in force: kept ready while they are served, and chosen between for each turn."""

from collections.abc import Callable
from dataclasses import replace

from kefu_api.documents.release import Handoff, Release
from kefu_api.documents.variants import Role, Variant, Variants
from kefu_api.wire.chat import Outcome
from kefu_serving.desk import Desk
from kefu_serving.metrics import Instruments
from kefu_serving.runtime import Runtime
from kefu_serving.turn.state import Asked, Sink, Turn
from kefu_serving.variants.assignment import choose, place, shadows, who
from kefu_serving.variants.mirror import Mirror
from kefu_serving.variants.receipts import Receipt, Receipts


class Assigned:
    """The release that answers one turn."""

    def __init__(self, serving: "Serving", runtime: Runtime, asked: Asked, at: float) -> None:
        self._serving = serving
        self._runtime = runtime
        self._asked = asked
        self._at = at
        self.release = runtime.release.name

    def receipt(self, turn: Turn) -> str:
        """By which its customer can rate a turn of this release."""
        return self._serving.receipts.write(Receipt(turn.id, self.release), turn.asked.owner)

    async def turn(self, sink: Sink) -> Turn:
        """The finished turn, as `Conversation.turn` has it; shadows are asked after it, where the bot was."""
        turn = await self._runtime.conversation.turn(self._asked, sink)
        if turn.outcome is not Outcome.WITH_PERSON:
            self._serving.mirror(turn, self._at)
        return turn


class Serving:
    """One document's releases, ready to serve."""

    def __init__(
        self, document: Variants, pairs: tuple[tuple[Variant, Runtime], ...], mirror: Mirror, salt: bytes
    ) -> None:
        self.document = document
        self.pairs = pairs
        self.receipts = Receipts(salt)
        self._mirror = mirror
        self._salt = salt

    def of(self, release: str) -> Runtime | None:
        """The release of that name; None where it is not served now."""
        return next((runtime for variant, runtime in self.pairs if variant.release.name == release), None)

    @property
    def stable(self) -> Runtime:
        """The release that answers everybody whom no other does."""
        return next(runtime for variant, runtime in self.pairs if variant.role is Role.STABLE)

    @property
    def desk(self) -> Desk | None:
        """Where people take conversations over: all releases have one store of sessions."""
        return self.stable.desk

    def assign(self, asked: Asked, wanted: str | None = None) -> Assigned:
        """Who answers: by the customer's place, or the role that the caller wants where there is such a variant."""
        at = place(who(asked, self._salt), self.document.salt)
        variant, runtime = self._wanted(wanted) or choose(self.pairs, at)
        return Assigned(self, runtime, replace(asked, variant=variant.role.value), at)

    def mirror(self, turn: Turn, at: float) -> None:
        """Ask the shadows what was asked."""
        for variant, runtime in shadows(self.pairs, at):
            self._mirror.ask(runtime, turn, variant.role.value)

    def _wanted(self, role: str | None) -> tuple[Variant, Runtime] | None:
        if role not in (Role.STABLE, Role.CANDIDATE):
            return None
        return next((pair for pair in self.pairs if pair[0].role == role), None)


class Roster:
    """Makes what is in force out of documents; a release that stays keeps its runtime, and with it its warm engine."""

    def __init__(
        self,
        make: Callable[[Release, Handoff | None], Runtime],
        instruments: Instruments,
        mirror: Mirror,
        salt: bytes,
    ) -> None:
        self._make = make
        self._instruments = instruments
        self._mirror = mirror
        self._salt = salt
        self._held: dict[str, Runtime] = {}

    def follow(self, document: Variants) -> Serving:
        """The releases of a document; those that it lacks are given up. Turns that run under them finish."""
        lent = lent_by(document)
        held = {variant.release.name: self._runtime(variant.release, lent) for variant in document.variants}
        for name, runtime in self._held.items():
            if held.get(name) is not runtime:
                runtime.retire()
        self._held = held
        self._instruments.in_force(document)
        pairs = tuple((variant, held[variant.release.name]) for variant in document.variants)
        return Serving(document, pairs, self._mirror, self._salt)

    def close(self) -> None:
        """Give all up."""
        for runtime in self._held.values():
            runtime.retire()

    def _runtime(self, release: Release, lent: Handoff | None) -> Runtime:
        lent = None if release.handoff else lent
        known = self._held.get(release.name)
        return known if known and (known.release, known.lent) == (release, lent) else self._make(release, lent)


def lent_by(document: Variants) -> Handoff | None:
    """The terms by which those releases have a desk that hand nothing over: the stable one's first."""
    releases = (document.stable, *(variant.release for variant in document.variants))
    return next((release.handoff for release in releases if release.handoff), None)
