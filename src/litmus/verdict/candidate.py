"""A change of the config that may help, and that a trial can look at."""

from dataclasses import dataclass, field
from typing import final

Changes = tuple[str, ...]


@final
@dataclass(frozen=True)
class Candidate:
    """A change worth trying.

    Args:
        probe: What it settles.
        changes: Exact overrides.
        finding: Whose cause it would show; None: nobody's.
        turn: Its place among what usually helps, the smallest first: cheap and likely changes before others.
    """

    probe: str
    changes: Changes
    finding: str | None = None
    turn: int = field(default=0, compare=False)

    @property
    def keys(self) -> frozenset[str]:
        """What it sets."""
        return frozenset(change.partition("=")[0] for change in self.changes)

    def with_(self, other: "Candidate") -> "Candidate | None":
        """Both at once, as this one's finding; None where they set the same key."""
        if self.keys & other.keys or "optimizer" in self.keys | other.keys:
            return None
        return Candidate(self.probe, (*self.changes, *other.changes), self.finding)
