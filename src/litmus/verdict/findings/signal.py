"""Findings about signal: whether the data hold any, and whether it gets through the model's layers."""

from itertools import pairwise

from litmus.evidence import Evidence, Layer, Unknown
from litmus.verdict import reading, symptoms
from litmus.verdict.findings.context import Context, Judgement, found
from litmus.verdict.findings.decision import rarest
from litmus.verdict.overrides import assign, lower_lr, ours
from litmus.verdict.words import figure, metric, percent, points, reference


def find_no_better_than_baseline(evidence: Evidence, context: Context) -> Judgement:
    """The model's gain over the trivial rule is not above 0, and no reference's is: better features, not settings."""
    gain = reading.gain(evidence)
    if gain.value is None or gain.low is None or gain.low > 0:
        return None
    name = evidence.task.primary
    rule = "predicting the mean" if reading.is_regression(evidence) else "the trivial rule"
    if context.signal is None:
        if gain.high is not None and gain.high > 0.2:
            return None
        reason = "no reference model was fitted, so whether the data hold a signal at all is not known"
        return Unknown(name="no_better_than_baseline", reason=reason)
    if not context.hopeless:
        return None
    rivals = {rival.name: reading.level(evidence, rival) for rival in reading.rivals(evidence)}
    ours_, theirs = points(name, reading.primary(evidence).value), points(name, reading.chance(evidence))
    return found(
        "no_better_than_baseline",
        "error",
        f"Nothing beats {rule}: {metric(name)} {ours_} against {theirs}, and no reference model finds a signal either.",
        gain=gain.value,
        low=gain.low,
        high=gain.high,
        baseline=reading.chance(evidence),
        references=rivals,
    )


def find_bad_init(evidence: Evidence, context: Context) -> Judgement:
    """Before the first step units were all alike, the loss far above chance, or activations shrank or grew 10 times."""
    if evidence.model.hidden_layers == 0:
        return None
    alike = [layer for layer in evidence.layers[:-1] if layer.identical]
    jump = _largest_jump(evidence.layers)
    start, trivial = evidence.fit.initial_loss, evidence.fit.chance_loss
    far = not reading.is_regression(evidence) and start is not None and trivial and start > 3 * trivial + 1
    set_by_user = _init_is_set(evidence)
    if not alike and not (set_by_user and (jump > 10 or far or _bias(evidence) >= 1)):
        return None
    tried = reading.trial(evidence, "default_init", finding="bad_init")
    why = "units of a layer all start alike" if alike else f"activations change {figure(jump)} times in one layer"
    if not alike and jump <= 10:
        why = f"the loss starts at {figure(start)}, chance is {figure(trivial)}" if far else "biases start far from 0"
    suffers = reading.stuck(evidence) or context.lags
    if not suffers and not reading.moves(tried):
        return None
    return found(
        "bad_init",
        context.severity(tried, sure=bool(alike) or context.lags),
        f"The weights start badly: {why}.",
        overrides=_default_init(evidence),
        tried=tried,
        identical_layers=[layer.name for layer in alike] or None,
        largest_jump=jump or None,
        initial_loss=start,
        chance_loss=trivial,
        init=reading.setting(evidence, "model.init"),
    )


def _largest_jump(layers: tuple[Layer, ...]) -> float:
    """The largest change of activation spread from one layer to the next, as a factor; 0 if none is known."""
    spreads = [layer.spread for layer in layers if layer.spread]
    return max((max(a / b, b / a) for a, b in pairwise(spreads)), default=0.0)


def _bias(evidence: Evidence) -> float:
    return abs(reading.number(evidence, "model.init_bias"))


def _init_is_set(evidence: Evidence) -> bool:
    keys = ("model.init", "model.init_std", "model.init_bias")
    return any(reading.setting(evidence, key) not in {None, "default"} for key in keys)


def _default_init(evidence: Evidence) -> tuple[str, ...]:
    if not ours(evidence):
        return ()
    also = [key for key in ("model.init_std", "model.init_bias") if reading.setting(evidence, key) is not None]
    return (assign("model.init", "default"), *(assign(key, None) for key in also))


def find_exploding_gradients(evidence: Evidence, context: Context) -> Judgement:
    """A layer's gradient grew a thousandfold, or is beyond 1e4 on normalised data."""
    worst = max(((layer, *_growth(layer)) for layer in evidence.layers), key=lambda entry: entry[1], default=None)
    if worst is None:
        return None
    layer, growth, peak = worst
    broken = evidence.fit.non_finite is not None and evidence.fit.non_finite.where == "gradient"
    huge = peak > 1e4 and not symptoms.wide_inputs(evidence) and not symptoms.wide_target(evidence)
    if not broken and not huge and not (growth > 1e3 and peak > 1):
        return None
    return found(
        "exploding_gradients",
        "error" if broken else context.severity(None, sure=context.lags or symptoms.rose(evidence)),
        f"The gradient of layer {layer.name} "
        f"{f'grew {figure(growth)} times, to' if growth > 2 else 'reached'} {figure(peak)}.",
        overrides=(assign("trainer.gradient_clip_val", 1.0),),
        layer=layer.name,
        growth=growth,
        peak=peak,
    )


def _growth(layer: Layer) -> tuple[float, float]:
    """Largest gradient over the early median, and the largest gradient."""
    values = [value for value in layer.gradient if value is not None]
    early = reading.median(values[:3]) or 0.0
    peak = max(values, default=0.0)
    return (peak / early if early > 1e-12 else 0.0), peak


def find_dead_relu(evidence: Evidence, context: Context) -> Judgement:
    """Units of a layer give 0 on every training row: nine in ten, or half of them where the score suffers."""
    layer = symptoms.dead(evidence)
    if layer is None or (layer.dead or 0) < 0.5:
        return None
    nearly_all = (layer.dead or 0) >= 0.9
    suffers = context.lags or reading.stuck(evidence)
    if not suffers and not nearly_all:
        return None
    fast = symptoms.rose(evidence) or (symptoms.largest_update(evidence) or 0.0) > symptoms.FAST
    leaky = (assign("model.activation", "leaky_relu"),) if ours(evidence) else ()
    return found(
        "dead_relu",
        context.severity(None, sure=nearly_all and suffers),
        f"{percent(layer.dead)} of the {layer.width} units of layer {layer.name} give 0 on every training row.",
        overrides=lower_lr(evidence) if fast else leaky,
        layer=layer.name,
        dead=layer.dead,
        width=layer.width,
        largest_update=symptoms.largest_update(evidence),
    )


def find_vanishing_gradients(evidence: Evidence, context: Context) -> Judgement:
    """Three hidden layers or more, units alive, nothing learned, and next to no gradient in the first layer."""
    layer = symptoms.dead(evidence)
    alive = layer is None or (layer.dead or 0) < 0.9
    if not symptoms.vanishing(evidence) or not alive or not reading.stuck(evidence):
        return None
    ratio = symptoms.gradient_ratio(evidence)
    rectified = evidence.model.activation in {"relu", "leaky_relu", "gelu"}
    change = assign("model.norm", "batch") if rectified else assign("model.activation", "relu")
    saturated = max((layer.saturated or 0.0 for layer in evidence.layers), default=0.0)
    return found(
        "vanishing_gradients",
        context.severity(None, sure=True),
        f"The first layer's gradient is {figure(ratio)} times the last one's; nothing was learned.",
        overrides=(change,) if ours(evidence) else (),
        ratio=ratio,
        hidden_layers=evidence.model.hidden_layers,
        activation=evidence.model.activation,
        saturated=saturated or None,
    )


def find_model_is_linear(evidence: Evidence, context: Context) -> Judgement:
    """The model is linear in its inputs, and a non-linear reference beats the linear one by a significant margin."""
    if not evidence.model.linear or _killed(evidence):
        return None
    tried = reading.trial(evidence, "relu", finding="model_is_linear")
    curved = reading.best(evidence, [rival for rival in reading.rivals(evidence) if not rival.linear])
    straight = reading.best(evidence, [rival for rival in reading.rivals(evidence) if rival.linear])
    if curved is None:
        reason = "the model is linear, and no non-linear reference was fitted to tell whether the data are"
        return Unknown(name="model_is_linear", reason=reason) if context.wanting else None
    top = reading.level(evidence, curved)
    line = reading.level(evidence, straight) if straight else reading.primary(evidence).value
    lead = reading.lead(evidence, curved)
    if top is None or line is None or lead.value is None:
        return None
    bend = top - line
    beaten = lead.value >= 0.03 and (lead.low is None or lead.low > 0)
    if not reading.moves(tried) and (bend < max(0.03, 1.5 * reading.paired_error(evidence, top, line)) or not beaten):
        return None
    name = evidence.task.primary
    return found(
        "model_is_linear",
        "error" if context.wanting or reading.moves(tried) else "info",
        f"The model is linear, the data are not: {metric(name)} is {points(name, top)} with {reference(curved.name)},"
        f" {points(name, line)} with {'a linear reference' if straight else 'this model'}.",
        overrides=_curved(evidence),
        tried=tried,
        nonlinear_reference=curved.name,
        nonlinear=top,
        linear=line,
        difference=bend,
        ahead_of_model=lead.value,
    )


def _killed(evidence: Evidence) -> bool:
    """Whether a model with a non-linearity only looks linear because its units are dead."""
    layer = symptoms.dead(evidence)
    bends = evidence.model.activation not in {None, "none"} and evidence.model.hidden_layers > 0
    return bends and layer is not None and (layer.dead or 0.0) >= 0.9


def _curved(evidence: Evidence) -> tuple[str, ...]:
    if evidence.model.hidden_layers == 0:
        return (assign("model", "mlp"),)
    return (assign("model.activation", "relu"),) if ours(evidence) else ()


def find_underfitting(evidence: Evidence, context: Context) -> Judgement:
    """Training has converged, train is about as good as val, and a reference's out-of-fold score beats train's."""
    rival, train = context.rival, reading.primary(evidence, "train").value
    if rival is None or rival.out_of_fold is None or train is None or evidence.model.linear:
        reason = "no reference model was scored out of fold on the training rows"
        known = rival is not None and rival.out_of_fold is not None
        return None if known or not context.wanting else Unknown(name="underfitting", reason=reason)
    tried = reading.trial(evidence, "larger", finding="underfitting")
    missing = rival.out_of_fold - train
    least = max(0.05, 2 * reading.paired_error(evidence, rival.out_of_fold, train))
    decided = (evidence.task.kind == "binary" and context.ranks_well) or _misses_the_rare_only(
        evidence, rival.out_of_fold
    )
    if (missing < least or not context.lags or decided) and not reading.moves(tried):
        return None
    settled = _narrow(evidence) or (symptoms.converged(evidence) and not symptoms.few_steps(evidence))
    name = evidence.task.primary
    return found(
        "underfitting",
        context.severity(tried, sure=True) if settled or reading.moves(tried) else "info",
        f"Even on its training rows the model has {metric(name)} {points(name, train)};"
        f" {points(name, rival.out_of_fold)} with {reference(rival.name)} on unseen rows.",
        overrides=_larger(evidence),
        tried=tried,
        train=train,
        reference=rival.name,
        reference_out_of_fold=rival.out_of_fold,
        parameters=evidence.model.parameters,
        converged=settled,
    )


def _misses_the_rare_only(evidence: Evidence, level: float) -> bool:
    """Whether all but a rare class are learned as well as a reference learns them: a matter of balance, not of size."""
    rare, labels = rarest(evidence), evidence.per_class.get("train", {})
    if rare is None or evidence.task.primary != "balanced_accuracy":
        return False
    others = [by["recall"].value for label, by in labels.items() if label != rare[0] and "recall" in by]
    common = reading.mean(others)
    return common is not None and common >= level - reading.MARGIN


def _narrow(evidence: Evidence) -> bool:
    """Whether a layer is so narrow that the classes or the target cannot pass it, however long training goes on."""
    hidden = reading.setting(evidence, "model.hidden")
    widths = [int(units) for units in hidden] if isinstance(hidden, (list, tuple)) else []
    return bool(widths) and min(widths) <= max(2, len(evidence.task.classes) // 4)


def _larger(evidence: Evidence) -> tuple[str, ...]:
    """More units, and a second hidden layer where there is only one."""
    if not ours(evidence):
        return ()
    changes = []
    channels = reading.setting(evidence, "model.channels")
    if isinstance(channels, (list, tuple)) and channels:
        changes.append(assign("model.channels", [max(16, 2 * int(maps)) for maps in channels]))
    hidden = reading.setting(evidence, "model.hidden")
    if isinstance(hidden, (list, tuple)):
        wider = [max(64, 2 * int(units)) for units in hidden]
        changes.append(assign("model.hidden", wider if len(wider) > 1 else (wider or [64]) * 2))
    return tuple(changes)
