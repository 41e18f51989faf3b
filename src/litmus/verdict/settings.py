"""The keys of `verdict`: how far to probe, and which findings the user accepts."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, final

from annotated_types import Ge

from litmus.errors import ConfigError, Problem, quote
from litmus.verdict.findings import names
from litmus.verdict.verdict import Finding


@final
@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the user wants of the verdict.

    Args:
        probes: Small further trainings that settle what the run alone leaves open.
        references: Established models fitted on the same rows, without which the verdict cannot tell a poor setting
            from poor data. The jobs of a sweep do without; its winner has them.
        budget: Seconds that probes may take; auto: about as long as the fit, at most 30.
        seeds: Repeat the fit with so many seeds and report the spread.
        splits: Train and score the same recipe on so many random splits, this one among them; the verdict is about this
            trained model, and beside it stands what the recipe scores.
        accept: Findings, as <finding> or <finding>:<column>, that stay visible and lose their vote.
    """

    probes: Literal["auto", "off"] = "auto"
    references: Literal["auto", "off"] = "auto"
    budget: Literal["auto"] | Annotated[float, Ge(0)] = "auto"
    seeds: Annotated[int, Ge(1)] = 1
    splits: Annotated[int, Ge(1)] = 1
    accept: Sequence[str] = ()

    def problems(self) -> list[Problem]:
        """What is wrong with `accept`, each with the nearest right name."""
        wrong = [entry for entry in self.accept if entry.partition(":")[0] not in names() or entry.endswith(":")]
        return [_problem(entry) for entry in wrong]

    def check(self) -> None:
        """Refuses names that no finding has.

        Raises:
            ConfigError: `accept` names no finding.
        """
        if problems := self.problems():
            raise ConfigError(problems)

    def accepts(self, finding: Finding) -> bool:
        """Whether the user accepts this finding: by its name, or by its name and the column that it is about.

        A finding about several columns is accepted when each of them is.
        """
        if finding.name in self.accept:
            return True
        named = {entry.partition(":")[2] for entry in self.accept if entry.startswith(f"{finding.name}:")}
        columns = finding.evidence.get("columns") or []
        return bool(columns) and set(columns) <= named


def _problem(entry: str) -> Problem:
    name, colon, column = entry.partition(":")
    if name in names():
        return Problem("verdict.accept", f"{quote(entry)} names no column after the colon", name)
    near = difflib.get_close_matches(name, names(), n=1, cutoff=0.5)
    if not near:
        return Problem("verdict.accept", f"{quote(entry)} is no finding; findings are named as in verdict.json")
    return Problem("verdict.accept", f"{quote(entry)} is no finding", f"{near[0]}{colon}{column}")
