"""The training rows are not shuffled."""

from collections.abc import Iterator, Mapping
from typing import Any

from litmus.evidence import Evidence
from litmus.verdict import quantities
from litmus.verdict.candidate import Candidate
from litmus.verdict.context import Context, Judgement, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.overrides import assign
from litmus.verdict.wording import percent


def judge(evidence: Evidence, context: Context) -> Judgement:
    """Batches are not shuffled and hold far less label entropy than the whole."""
    entropy = evidence.fit.batch_label_entropy
    tried = quantities.trial(evidence, "shuffled", finding="not_shuffled")
    if evidence.fit.shuffled:
        return None
    if not quantities.moves(tried) and (entropy is None or entropy > 0.7 * _expected_entropy(evidence)):
        return None
    decisive = entropy is not None and entropy < 0.4 * _expected_entropy(evidence)
    share = "" if entropy is None else f" and a batch holds {percent(entropy)} of the labels' variety"
    return make_finding(
        "not_shuffled",
        context.severity(tried, sure=decisive and context.could_gain),
        f"Rows are not shuffled{share}, so that each batch undoes the one before.",
        overrides=(assign("data.shuffle", value=True),),
        tried=tried,
        batch_label_entropy=entropy,
        expected=_expected_entropy(evidence),
    )


def _expected_entropy(evidence: Evidence) -> float:
    """What random batches of this size would hold, to first order.

    Source: Miller 1955: (K - 1) / 2B below the whole.
    """
    size = evidence.settings.data.batch_size * max(evidence.fit.accumulate, 1)
    counts: Mapping[str, Any] = evidence.data.class_counts.get("train", {})
    return max(0.3, 1 - max(len(counts) - 1, 1) / (2 * max(size, 1) * 0.7))


def candidates(evidence: Evidence) -> Iterator[Candidate]:
    """Shuffled rows, where they are not."""
    if evidence.settings.data.shuffle is False:
        yield Candidate("shuffled", (assign("data.shuffle", value=True),), "not_shuffled", turn=80)


NOT_SHUFFLED = Diagnosis(
    name="not_shuffled",
    stage=40,
    about="training",
    headline="the training rows are not shuffled",
    explains=("optimisation", "symptoms"),
    optimisation=True,
    before_training=True,
    refutable=True,
    candidates=candidates,
    says="batches come in the order of the classes",
    suggests="`data.shuffle=true`",
    judge=judge,
)
