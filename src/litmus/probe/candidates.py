"""What might help: the findings' own suggestions, other learning rates, and what usually does; singly and together."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

from litmus.evidence import Evidence
from litmus.verdict import Verdict, reading
from litmus.verdict.findings import DATA
from litmus.verdict.overrides import USUAL_LR, assign, optimizer, ours

Changes = tuple[str, ...]

NOT_TRIED = {*DATA, "bad_threshold", "non_finite"}
"""Findings whose remedy changes which rows are compared, is chosen on validation rows themselves, or is another's."""
LADDER = (0.1, 10.0, 0.01, 100.0, 0.3, 3.0)
BENDING = (10.0, 3.0, 30.0)  # what a stack that was linear may need of the learning rate once it bends
USUAL = 4.0  # a rate within this factor of the optimizer's usual one is no suspect


@final
@dataclass(frozen=True)
class Candidate:
    """A change worth trying.

    Args:
        probe: What it settles.
        changes: Exact overrides.
        finding: Whose cause it would show; None: nobody's.
    """

    probe: str
    changes: Changes
    finding: str | None = None

    @property
    def keys(self) -> frozenset[str]:
        """What it sets."""
        return frozenset(change.partition("=")[0] for change in self.changes)

    def with_(self, other: "Candidate") -> "Candidate | None":
        """Both at once, as this one's finding; None where they set the same key."""
        if self.keys & other.keys or "optimizer" in self.keys | other.keys:
            return None
        return Candidate(self.probe, (*self.changes, *other.changes), self.finding)


def singles(evidence: Evidence, verdict: Verdict) -> list[Candidate]:
    """What is tried first, the most likely first, each change once."""
    return _different([*_suggested(evidence, verdict), *_ladder(evidence), *_habits(evidence)])


def _different(candidates: Iterable[Candidate]) -> list[Candidate]:
    found: dict[frozenset[str], Candidate] = {}
    for one in candidates:
        if one.changes:
            found.setdefault(frozenset(one.changes), one)
    return list(found.values())


def _suggested(evidence: Evidence, verdict: Verdict) -> Iterator[Candidate]:
    """Suggestions as they stand, and those that change how steps act with the learning rates that they may need."""
    for finding in verdict.findings:
        if finding.name in NOT_TRIED or not finding.overrides or not _comparable(finding.overrides):
            continue
        plain = Candidate("suggestion", finding.overrides, finding.name)
        yield plain
        if finding.name in {"model_is_linear", "vanishing_gradients"}:
            yield from _joined(plain, [_rate(evidence, factor) for factor in BENDING])
        elif finding.name in {"bad_init", "unnormalised_inputs", "unnormalised_target"} and not usual(evidence):
            yield from _joined(plain, [*_usual(evidence), _rate(evidence, 10.0), _rate(evidence, 100.0)])


def _comparable(changes: Sequence[str]) -> bool:
    """Whether the changed run answers the same question: not another kind of target, nor what val itself decides."""
    return not any(change.startswith(("task=", "task.threshold", "task.calibrate")) for change in changes)


def _joined(plain: Candidate, others: Iterable[Candidate | None]) -> Iterator[Candidate]:
    for other in others:
        if other is not None and (both := plain.with_(other)) is not None:
            yield both


def _ladder(evidence: Evidence) -> Iterator[Candidate]:
    yield from (rung for factor in LADDER if (rung := _rate(evidence, factor)) is not None)
    yield from _usual(evidence)


def _rate(evidence: Evidence, factor: float) -> Candidate | None:
    present = reading.number(evidence, "optimizer.lr")
    if present <= 0:
        return None
    name = "lr_too_high" if factor < 1 else "lr_too_low"
    return Candidate("lr_ladder", (assign("optimizer.lr", present * factor),), name)


def _usual(evidence: Evidence) -> Iterator[Candidate]:
    """The optimizer's usual learning rate, where the present one is far from it."""
    present, common = reading.number(evidence, "optimizer.lr"), USUAL_LR.get(optimizer(evidence), 0.0)
    if present > 0 and common > 0 and not usual(evidence) and (rung := _rate(evidence, common / present)) is not None:
        yield rung


def usual(evidence: Evidence) -> bool:
    """Whether the learning rate is near what its optimizer usually wants."""
    present, common = reading.number(evidence, "optimizer.lr"), USUAL_LR.get(optimizer(evidence), 0.0)
    return present > 0 and common > 0 and 1 / USUAL <= present / common <= USUAL


def _habits(evidence: Evidence) -> Iterator[Candidate]:
    """What usually helps, whatever the findings say."""
    yield from _brakes(evidence)
    if not evidence.fit.stopped_early:
        yield Candidate("longer", (assign("trainer.max_epochs", 4 * evidence.fit.max_epochs),), "too_few_epochs")
    if evidence.fit.accumulate > 1:
        yield Candidate("longer", (assign("trainer.accumulate_grad_batches", 1),), "too_few_epochs")
    yield from _row_habits(evidence)
    if _set(evidence, "scheduler._target_") is not None:
        yield Candidate("suggestion", (assign("scheduler", "none"),), "lr_too_low")
    if ours(evidence):
        yield from _model_habits(evidence)


def _row_habits(evidence: Evidence) -> Iterator[Candidate]:
    """How rows reach the model, and what their errors count."""
    if evidence.data.input == "table" and _set(evidence, "data.normalize") in {"none", "minmax"}:
        yield Candidate("standardised", (assign("data.normalize", "standard"),), "unnormalised_inputs")
    if reading.is_regression(evidence) and _set(evidence, "data.normalize_target") is False and _wide(evidence):
        change = assign("data.normalize_target", value=True)
        yield Candidate("standardised_target", (change,), "unnormalised_target")
    if reading.scored_by_mae(evidence) and reading.ruled_by_outliers(evidence):
        yield from (Candidate("robust_loss", (assign("loss", name),), "wrong_loss") for name in ("huber", "l1"))
    if _set(evidence, "data.shuffle") is False:
        yield Candidate("shuffled", (assign("data.shuffle", value=True),), "not_shuffled")


def _wide(evidence: Evidence) -> bool:
    data = evidence.data
    return max(abs(data.target_mean or 0.0), data.target_sd or 0.0) > 3


def _brakes(evidence: Evidence) -> Iterator[Candidate]:
    set_keys = [key for key in ("optimizer.weight_decay", "model.dropout") if reading.number(evidence, key) > 0]
    if set_keys:
        yield Candidate("unregularised", tuple(assign(key, 0) for key in set_keys), "over_regularised")
    clip = reading.number(evidence, "trainer.gradient_clip_val")
    if clip > 0:
        yield Candidate("unclipped", (assign("trainer.gradient_clip_val", None),), "lr_too_low")


def _model_habits(evidence: Evidence) -> Iterator[Candidate]:
    activation = _set(evidence, "model.activation")
    if activation == "none" and evidence.model.linear and evidence.model.hidden_layers:
        yield Candidate("relu", (assign("model.activation", "relu"),), "model_is_linear")
    if activation in {"sigmoid", "tanh"}:
        finding = "vanishing_gradients" if evidence.model.hidden_layers >= 3 else None
        yield Candidate("relu", (assign("model.activation", "relu"),), finding)
    if (_set(evidence, "model.output_activation") or "none") != "none":
        yield Candidate("raw_output", (assign("model.output_activation", "none"),), "wrong_loss")
    starts = [key for key in ("model.init_std", "model.init_bias") if _set(evidence, key) is not None]
    if starts or (_set(evidence, "model.init") or "default") != "default":
        change = (assign("model.init", "default"), *(assign(key, None) for key in starts))
        yield Candidate("default_init", change, "bad_init")
    hidden = _set(evidence, "model.hidden")
    if isinstance(hidden, list | tuple) and hidden and not _gap(evidence):
        wider = [max(64, 2 * int(units)) for units in hidden]
        yield Candidate("larger", (assign("model.hidden", wider if len(wider) > 1 else wider * 2),), "underfitting")
    if _gap(evidence):
        yield from _restraints(evidence)


def _gap(evidence: Evidence) -> bool:
    """Whether the model does clearly better on the rows that it learned from."""
    train, val = (reading.primary(evidence, split).value for split in ("train", "val"))
    return train is not None and val is not None and train - val > 0.05


def _restraints(evidence: Evidence) -> Iterator[Candidate]:
    """What keeps a model from learning its rows by heart."""
    strong = (1.0, 0.1) if optimizer(evidence) == "adamw" else (0.01, 0.1)
    decays = [value for value in strong if value > 3 * reading.number(evidence, "optimizer.weight_decay")]
    changes = [(assign("optimizer.weight_decay", value),) for value in decays]
    if evidence.model.hidden_layers and reading.number(evidence, "model.dropout") < 0.3:
        changes.append((assign("model.dropout", 0.5),))
    if _set(evidence, "callback.checkpoint.use") == "last":
        changes.append((assign("callback.checkpoint.use", "best"),))
    hidden = _set(evidence, "model.hidden")
    if isinstance(hidden, list | tuple) and hidden and max(map(int, hidden)) > 16:
        changes.append((assign("model.hidden", [16]),))
    yield from (Candidate("regularised", change, "overfitting") for change in changes)


def combinations(
    evidence: Evidence, ranked: Sequence[tuple[Candidate, float]], root: str | None, *, least: float
) -> list[Candidate]:
    """Changes that build on those that gained: with one another, with other learning rates, and for longer.

    Args:
        evidence: What the run showed.
        ranked: What was tried with its gain, the best first.
        root: The finding that alarms first; what is shown to be its cure is tried with the rest.
        least: What counts as a gain.
    """
    good = [one for one, gain in ranked if gain >= least]
    if not good:
        return []
    heads = [good[0], *[one for one in good[1:] if one.finding == root][:1]]
    others = [one for one in good[:5] if one.finding != "lr_too_high" or one.probe == "lr_ladder"]
    factors = [rung for factor in (10.0, 0.1, 3.0, 0.3) if (rung := _rate(evidence, factor)) is not None]
    longer = Candidate("longer", (assign("trainer.max_epochs", 4 * evidence.fit.max_epochs),), "too_few_epochs")
    found: list[Candidate] = []
    for head in dict.fromkeys(heads):
        found += _joined(head, [*(one for one in others if one is not head), *_usual(evidence), *factors])
        found += _joined(head, [] if evidence.fit.stopped_early else [longer])
        found += _further(evidence, head)
    known = {frozenset(one.changes) for one, _ in ranked}
    return [one for one in _different(found) if frozenset(one.changes) not in known]


def _further(evidence: Evidence, head: Candidate) -> Iterator[Candidate]:
    """The next rungs beyond and around a learning rate that gained."""
    rate = next(
        (float(change.partition("=")[2]) for change in head.changes if change.startswith("optimizer.lr=")), None
    )
    rest = tuple(change for change in head.changes if not change.startswith("optimizer.lr="))
    present = reading.number(evidence, "optimizer.lr")
    if rate is None or present <= 0:
        return
    for factor in (10.0, 3.0, 0.3, 0.1):
        name = head.finding
        if head.probe == "lr_ladder" and (rate > present) != (factor * rate > present):
            continue
        yield Candidate(head.probe, (*rest, assign("optimizer.lr", factor * rate)), name)


def _set(evidence: Evidence, key: str) -> Any:
    return reading.setting(evidence, key)
