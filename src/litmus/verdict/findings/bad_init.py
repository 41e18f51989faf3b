"""The weights start badly."""

from collections.abc import Iterator
from itertools import pairwise

from litmus.evidence import Evidence, Layer
from litmus.verdict import quantities
from litmus.verdict.candidate import Candidate
from litmus.verdict.context import Context, Judgement, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.overrides import assign, ours
from litmus.verdict.rates import usual_or_higher
from litmus.verdict.wording import figure


def judge(evidence: Evidence, context: Context) -> Judgement:
    """Before the first step units were all alike, the loss far above chance, or activations shrank or grew 10 times."""
    if evidence.model.hidden_layers == 0:
        return None
    alike = [layer for layer in evidence.layers[:-1] if layer.identical]
    jump = _largest_jump(evidence.layers)
    start, chance_loss = evidence.fit.initial_loss, evidence.fit.chance_loss
    far = not quantities.is_regression(evidence) and start is not None and chance_loss and start > 3 * chance_loss + 1
    set_by_user = _init_is_set(evidence)
    if not alike and not (set_by_user and (jump > 10 or far or _bias(evidence) >= 1)):
        return None
    tried = quantities.trial(evidence, "default_init", finding="bad_init")
    why = "units of a layer all start alike" if alike else f"activations change {figure(jump)} times in one layer"
    if not alike and jump <= 10:
        why = (
            f"the loss starts at {figure(start)}, chance is {figure(chance_loss)}" if far else "biases start far from 0"
        )
    suffers = quantities.stuck(evidence) or context.lags
    if not suffers and not quantities.moves(tried):
        return None
    return make_finding(
        "bad_init",
        context.severity(tried, sure=bool(alike) or context.lags),
        f"The weights start badly: {why}.",
        overrides=_default_init(evidence),
        tried=tried,
        identical_layers=[layer.name for layer in alike] or None,
        largest_jump=jump or None,
        initial_loss=start,
        chance_loss=chance_loss,
        init=evidence.settings.model.init,
    )


def _largest_jump(layers: tuple[Layer, ...]) -> float:
    """The largest change of activation spread from one layer to the next, as a factor; 0 if none is known."""
    spreads = [layer.spread for layer in layers if layer.spread]
    return max((max(a / b, b / a) for a, b in pairwise(spreads)), default=0.0)


def _bias(evidence: Evidence) -> float:
    return abs(evidence.settings.model.init_bias or 0.0)


def _init_is_set(evidence: Evidence) -> bool:
    model = evidence.settings.model
    return model.init not in {None, "default"} or model.init_std is not None or model.init_bias is not None


def _default_init(evidence: Evidence) -> tuple[str, ...]:
    if not ours(evidence):
        return ()
    further = {"model.init_std": evidence.settings.model.init_std, "model.init_bias": evidence.settings.model.init_bias}
    also = [assign(key, None) for key, value in further.items() if value is not None]
    return (assign("model.init", "default"), *also)


def candidates(evidence: Evidence) -> Iterator[Candidate]:
    """The default start, where the user set another one."""
    if ours(evidence) and _init_is_set(evidence):
        yield Candidate("default_init", _default_init(evidence), "bad_init", turn=120)


BAD_INIT = Diagnosis(
    name="bad_init",
    stage=40,
    about="training",
    headline="the weights start badly",
    explains=("optimisation", "symptoms"),
    before_training=True,
    breaks_training=True,
    refutable=True,
    rates=usual_or_higher,
    candidates=candidates,
    says="the weights start where nothing can be learned",
    suggests="`model.init=default`",
    judge=judge,
)
