"""Weight decay or dropout holds the model back."""

from collections.abc import Iterator

from litmus.evidence import Evidence
from litmus.verdict import quantities
from litmus.verdict.candidate import Candidate
from litmus.verdict.context import Context, Judgement, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.overrides import assign, optimizer
from litmus.verdict.wording import figure


def judge(evidence: Evidence, context: Context) -> Judgement:
    """Without weight decay and dropout the train loss gets clearly lower."""
    tried = quantities.trial(evidence, "unregularised", finding="over_regularised")
    decay, dropout = evidence.settings.optimizer.weight_decay, evidence.settings.model.dropout
    heavy = decay >= (3.0 if optimizer(evidence) == "adamw" else 0.03) or dropout >= 0.7
    train = quantities.primary(evidence, "train").value
    top = quantities.level(evidence, context.best_reference) if context.best_reference else None
    short = train is not None and top is not None and train < top - 0.03
    behind = short or quantities.stuck(evidence)
    proven = quantities.moves(tried) and (quantities.in_points(tried) or behind)
    if (decay <= 0 and dropout <= 0) or not (proven or (heavy and behind)):
        return None
    set_keys = {"optimizer.weight_decay": decay, "model.dropout": dropout}
    changes = tuple(assign(key, 0) for key, value in set_keys.items() if value > 0)
    parts = [f"weight decay {figure(decay)}"] * (decay > 0) + [f"dropout {figure(dropout)}"] * (dropout > 0)
    return make_finding(
        "over_regularised",
        context.severity(tried, sure=context.could_gain and heavy),
        f"Even its training rows are out of the model's reach: {' and '.join(parts)}.",
        overrides=changes,
        tried=tried,
        weight_decay=decay,
        dropout=dropout,
        train=train,
        reference=top,
        spread_start=evidence.layers[-1].spread if evidence.layers else None,
        spread_end=evidence.layers[-1].spread_end if evidence.layers else None,
    )


def candidates(evidence: Evidence) -> Iterator[Candidate]:
    """Neither weight decay nor dropout, where any is set."""
    config = evidence.settings
    given = {"optimizer.weight_decay": config.optimizer.weight_decay, "model.dropout": config.model.dropout}
    set_keys = [key for key, value in given.items() if value > 0]
    if set_keys:
        yield Candidate("unregularised", tuple(assign(key, 0) for key in set_keys), "over_regularised", turn=10)


OVER_REGULARISED = Diagnosis(
    name="over_regularised",
    stage=61,
    about="training",
    headline="weight decay or dropout holds the model back",
    explains=("lr_too_low", "dead_relu", "vanishing_gradients", "symptoms"),
    suspect=6,
    needs_reference=True,
    refutable=True,
    candidates=candidates,
    says="weight decay or dropout keeps it from fitting",
    suggests="`optimizer.weight_decay=0`, `model.dropout=0`",
    judge=judge,
)
