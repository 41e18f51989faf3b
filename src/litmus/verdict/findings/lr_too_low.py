"""The learning rate is too low."""

from collections.abc import Iterator

from litmus.evidence import Evidence
from litmus.verdict import quantities, rates, symptoms
from litmus.verdict.candidate import Candidate
from litmus.verdict.context import Context, Judgement, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.overrides import assign, higher_lr, lr
from litmus.verdict.wording import figure, percent

USUAL_EPS, LARGE_EPS = 1e-8, 1e-3
"""What torch's optimizers add to a gradient's size before they divide by it, and from where it holds steps back."""


def judge(evidence: Evidence, context: Context) -> Judgement:
    """The loss hardly fell, gradients are alive and steps tiny; or the schedule took the rate away too soon."""
    tried = rates.best_trial(evidence, lower=False)
    fell, ratio, way = symptoms.fell(evidence), symptoms.update_ratio(evidence), symptoms.moved(evidence)
    faded = _faded(evidence)
    alive = (symptoms.gradient_kept(evidence) or 0.0) > 0.3 and not symptoms.vanishing(evidence)
    still = way is not None and way < 0.05 and alive and not symptoms.few_steps(evidence)
    tiny = ratio is not None and ratio < symptoms.SLOW and alive and fell is not None and fell < 0.05
    if not quantities.moves(tried) and not tiny and not still and not faded:
        return None
    if fell is not None and fell > 0.5 and not quantities.moves(tried):
        return None
    change = (
        (assign("scheduler", "none"),)
        if faded
        else _undamped(evidence) or rates.shown(tried) or _unclipped(evidence) or higher_lr(evidence)
    )
    # a look on one seed does not acquit weights that hardly moved
    acquitting = None if tiny and quantities.refutes(tried) and tried and tried.difference is None else tried
    share = f"{figure(100 * ratio)} %" if ratio else percent(ratio)  # percent() has a decimal at most
    text = f"a step changes the weights by {share}, the loss fell by {percent(max(fell or 0.0, 0.0))}"
    if faded:
        text = f"the schedule took it to {figure(evidence.fit.lr[-1])} before the model had learned"
    return make_finding(
        "lr_too_low",
        context.severity(acquitting, sure=context.could_gain and (tiny or still or faded)),
        f"The learning rate{rates.value(lr(evidence))} is too low: {text}.",
        overrides=change,
        tried=tried,
        lr=lr(evidence),
        update_ratio=ratio,
        moved=way,
        fell=fell,
        gradient_kept=symptoms.gradient_kept(evidence),
        ladder=None if tried is None else dict(tried.detail),
    )


def _faded(evidence: Evidence) -> bool:
    """Whether the schedule had taken the rate to a hundredth by half of the epochs, before much was learned."""
    course = [rate for rate in evidence.fit.lr if rate]
    if len(course) < 4 or quantities.learned(evidence) is None:
        return False
    return course[len(course) // 2] < 0.01 * max(course) and (quantities.learned(evidence) or 0.0) < 0.9


def _unclipped(evidence: Evidence) -> tuple[str, ...]:
    """A clip so tight that it, not the rate, makes the steps small."""
    clip = evidence.settings.trainer.gradient_clip_val or 0
    return (assign("trainer.gradient_clip_val", 1.0),) if 0 < clip < 0.01 else ()


def _undamped(evidence: Evidence) -> tuple[str, ...]:
    """An `eps` larger than gradients are, which a higher rate makes up for at no stage of training."""
    eps = evidence.settings.optimizer.node.get("eps")
    return (assign("optimizer.eps", USUAL_EPS),) if isinstance(eps, float | int) and eps > LARGE_EPS else ()


def candidates(evidence: Evidence) -> Iterator[Candidate]:
    """No clipping, and no schedule: both make steps smaller than the learning rate says."""
    if (evidence.settings.trainer.gradient_clip_val or 0) > 0:
        yield Candidate("unclipped", (assign("trainer.gradient_clip_val", None),), "lr_too_low", turn=20)
    if undamped := _undamped(evidence):
        yield Candidate("suggestion", undamped, "lr_too_low", turn=20)
    if evidence.settings.scheduler:
        yield Candidate("suggestion", (assign("scheduler", "none"),), "lr_too_low", turn=90)


LR_TOO_LOW = Diagnosis(
    name="lr_too_low",
    stage=50,
    about="training",
    headline="the learning rate is too low",
    explains=("vanishing_gradients", "symptoms"),
    optimisation=True,
    suspect=4,
    needs_reference=True,
    refutable=True,
    candidates=candidates,
    says="the steps are too small",
    suggests="`optimizer.lr=...`",
    judge=judge,
)
