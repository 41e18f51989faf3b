"""What can be diagnosed of a run: a declaration each, which judge, summary, trials and docs follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from litmus.evidence import Evidence
    from litmus.verdict.candidate import Candidate
    from litmus.verdict.context import Context, Judgement

GROUPS = {"optimisation": "optimisation", "symptoms": "symptom"}
"""Words in `explains` that stand for several findings, with the trait that these have."""


def nothing_to_try(_evidence: Evidence) -> Iterable[Candidate]:
    """No change but the finding's own suggestion."""
    return ()


def as_it_is(_evidence: Evidence) -> Sequence[float]:
    """No other learning rate."""
    return ()


@final
@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """A finding that a run may have: what it is called, how it is judged, and what follows from it.

    Args:
        name: As in verdict.json and `verdict.accept`.
        stage: Its place from root cause to symptom, the smallest first. Within a stage, causes stand before what they
            explain, and names decide between equals.
        about: data: the rows alone, whatever the model does; outcome: that training broke or found no signal, so that
            no setting is to blame; training: how the model was built and trained; decision: how scores become classes.
        headline: The clause that the summary gives as the cause.
        judge: The finding from the evidence; None where nothing shows it, Unknown where it cannot be told.
        says: Its line in docs/verdict.md.
        suggests: The remedy there.
        explains: Findings that follow from it and are printed below it. "optimisation" and "symptoms" stand for all
            findings with that trait, of its own stage or a later one.
        remedy: What may help where there is no override to suggest; "": nothing is said.
        candidates: Changes that are tried whether or not the finding alarms.
        rates: Factors of the learning rate with which its suggestion is tried beside the present one.
        tried: Whether a trial can look at its suggestion. Findings about data never: other rows would be compared.
        optimisation: Whether it says that the optimizer does not get where it could.
        symptom: Whether it follows from a cause and would be cured with it.
        stays: Whether it stays an alarm beside its cause: it was measured, and a user has to know of it.
        suspect: Rank among what a reference's lead alone suggests, the smallest first; None: it does not suggest this.
        leaves_doubt: Whether it leaves a score in doubt, so that a model that meets all criteria may not be adequate.
        of_rows: Why the scored rows leave the answer open then, as a clause; "": the summary names the finding.
        before_training: Whether it is a fact of rows and start. Its consequences can be cured elsewhere, but only a
            trial of its own acquits it.
        breaks_training: Whether it can make values infinite.
        tilts_decisions: Whether it shifts decisions even of a model that orders rows well.
        needs_reference: Whether a model shows it as well where the data hold no more, so that only a reference or a
            trial makes it a cause.
        refutable: Whether its remedy must show in the primary metric if it is right.
    """

    name: str
    stage: int
    about: Literal["data", "outcome", "training", "decision"]
    headline: str
    judge: Callable[[Evidence, Context], Judgement]
    says: str
    suggests: str
    explains: tuple[str, ...] = ()
    remedy: str = ""
    candidates: Callable[[Evidence], Iterable[Candidate]] = nothing_to_try
    rates: Callable[[Evidence], Sequence[float]] = as_it_is
    tried: bool = True
    optimisation: bool = False
    symptom: bool = False
    stays: bool = False
    suspect: int | None = None
    leaves_doubt: bool = False
    of_rows: str = ""
    before_training: bool = False
    breaks_training: bool = False
    tilts_decisions: bool = False
    needs_reference: bool = False
    refutable: bool = False
