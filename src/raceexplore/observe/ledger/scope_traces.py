"""Where each cancel scope of a run was opened, and who called `cancel` on it first."""

from __future__ import annotations

from raceexplore.kernel.events.cancels import Sighting

UNKNOWN = Sighting()


class ScopeTraces:
    """What is known of the scopes. event: the number of the event that is going on."""

    def __init__(self) -> None:
        self.event = 0
        self._of: dict[object, Sighting] = {}

    def opened(self, scope: object, line: str) -> None:
        """Note that ``scope`` is entered at ``line``."""
        known = self.traced(scope)
        self._of[scope] = known if known.opened else known._replace(opened=line)

    def cancelled(self, scope: object, line: str) -> None:
        """Note that `cancel` is called on ``scope`` at ``line``; the first call counts."""
        known = self.traced(scope)
        if known.event < 0:
            self._of[scope] = known._replace(called=line, event=self.event)

    def traced(self, scope: object) -> Sighting:
        """Return what is known of ``scope``."""
        return self._of.get(scope, UNKNOWN)
