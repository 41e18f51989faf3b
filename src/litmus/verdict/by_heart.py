"""The answer of a run that was to learn a few batches by heart (`trainer.overfit_batches`): yes or no."""

from litmus.evidence import Memorised, Unknown
from litmus.verdict.verdict import Verdict


def by_heart(found: Memorised, split: str) -> Verdict:
    """A verdict that is undetermined: nothing is known of other rows.

    Args:
        found: Whether the batches were learnt.
        split: The split that was scored.
    """
    what = f"one batch of {found.rows} rows" if found.batches == 1 else f"{found.batches} batches, {found.rows} rows"
    shown = f"{found.right} of {found.rows} are right" if found.r2 is None else f"R\u00b2 on them is {found.r2:.3f}"
    them, answer = "a batch" if found.batches == 1 else "the batches", "yes" if found.learnt else "no"
    remedy = "Try a higher optimizer.lr, more units or more trainer.max_epochs."
    lines = (
        f"Undetermined: trained on {what} alone, the model cannot be judged.",
        f"It learns {them} by heart: {answer}; {shown}.",
        "Leave trainer.overfit_batches out to train on all rows." if found.learnt else remedy,
    )
    return Verdict(
        verdict="undetermined",
        summary="\n".join(lines),
        split=split,
        memorises=found.learnt,
        unknown=(
            Unknown(name="criteria", reason="a few batches were trained on, so that scores of other rows say nothing"),
        ),
    )
