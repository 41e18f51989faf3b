"""What a finished fit showed, gathered into one document: scores, curves, layers, references, data checks."""

from dataclasses import replace
from typing import Any, cast

import torch
from torch import nn

from litmus.data_checks.checks import Checked, with_twin_scores
from litmus.engine.learner import ensemble_size_of
from litmus.engine.trace import inspect_layers, weights
from litmus.evidence import Evidence, FitFacts, Layer, ModelFacts, TaskFacts, Unknown
from litmus.evidence.values import SplitName
from litmus.metrics.answers import Predictions
from litmus.run.ledger import count_reading
from litmus.run.predictor import Predictor
from litmus.run.training import Decided, Fitted, Run
from litmus.scoring.score import SplitScores, score

LAST_LOOK = 20_000  # training rows on which layers are looked at after the fit


def observe(run: Decided, *, test: bool, checked: Checked) -> tuple[Evidence, dict[SplitName, Predictions]]:
    """The evidence of a run, and the predictions it rests on.

    Args:
        run: Its rows and its trained model.
        test: Whether the test split is scored; it must be the first and only time.
        checked: What is known of the rows since before the fit.
    """
    names: list[SplitName] = ["train", "val"]
    if test and "test" in run.data.splits:
        names.append("test")
    predictor = run.predictor
    splits = {name: run.data.splits[name] for name in names}
    outputs = {name: run.outputs[name] if name in run.outputs else predictor.outputs(splits[name].x) for name in names}
    predictions = {name: predictor.predict(splits[name], name, outputs=outputs[name]) for name in names}
    scored = {name: score_split(predictor, predicted) for name, predicted in predictions.items()}
    evidence = Evidence(
        task=task_facts(predictor),
        model=model_facts(run),
        fit=fit_facts(run, outputs["train"]),
        data=with_twin_scores(checked, predictor.task, predictions, primary=task_facts(predictor).primary),
        config=dict(predictor.config),
        history=_history(run),
        layers=_layers(run),
        scored=names[-1],
        scores={name: result.scores for name, result in scored.items()},
        per_class={name: result.per_class for name, result in scored.items() if result.per_class},
        confusion={name: result.confusion for name, result in scored.items() if result.confusion},
        gain={name: result.gain for name, result in scored.items()},
        pr_gap=scored[names[-1]].pr_gap,
        unknown=(*getattr(run.learner, "unknown", ()), *_unseen(run)),
    )
    return evidence, predictions


def _unseen(run: Run) -> tuple[Unknown, ...]:
    """What cannot be told of rows that a user's data module gives."""
    if not run.data.own_loader:
        return ()
    return (Unknown(name="columns", reason="the data module gives tensors, so that nothing is known of their columns"),)


def score_split(predictor: Predictor, predictions: Predictions) -> SplitScores:
    """Every metric of a split, with intervals and the baseline beside it."""
    return score(predictor.task, predictions, prior=predictor.prior)


def with_scores(evidence: Evidence, name: SplitName, found: SplitScores) -> Evidence:
    """The evidence with what a split scores, which the verdict is about from then on."""
    return replace(
        evidence,
        scored=name,
        scores={**evidence.scores, name: found.scores},
        per_class={**evidence.per_class, name: found.per_class} if found.per_class else evidence.per_class,
        confusion={**evidence.confusion, name: found.confusion} if found.confusion else evidence.confusion,
        gain={**evidence.gain, name: found.gain},
        pr_gap=found.pr_gap,
    )


def task_facts(predictor: Predictor) -> TaskFacts:
    """What was asked, as the evidence holds it."""
    spec, task = predictor.spec, predictor.task
    share = task.majority_share(predictor.prior)
    return TaskFacts(
        kind=spec.task,
        target=spec.target,
        classes=spec.classes,
        primary=task.primary_of(predictor.prior),
        threshold=predictor.threshold,
        threshold_goal=getattr(task, "threshold_goal", None),
        majority_share=share,
        loss=predictor.loss.name,
        own_metrics={metric.name: metric.higher_is_better for metric in task.own_metrics},
    )


def model_facts(run: Run) -> ModelFacts:
    """What was trained; whether it is linear is tried on its inputs, not read from its name."""
    from litmus.scoring.affine import is_affine

    model, node = run.predictor.model, run.config.model.node
    sample = run.data.preprocess.finish(run.data.splits["train"].x[:256])
    return ModelFacts(
        name=run.predictor.name,
        parameters=sum(p.numel() for p in model.parameters() if p.requires_grad),
        hidden_layers=max(len(weights(model)) - 1, 0),
        linear=run.scored and is_affine(model, sample),
        activation=node.get("activation"),
        output_activation=_output_activation(model),
        ensemble_size=ensemble_size_of(model),
    )


def _output_activation(model: nn.Module) -> str:
    """Name of the squashing layer that the model ends in, if it ends in one."""
    leaves = [module for module in model.modules() if not list(module.children())]
    last = leaves[-1] if leaves else model
    known = {
        nn.Sigmoid: "sigmoid",
        nn.Softmax: "softmax",
        nn.Tanh: "tanh",
        nn.LogSoftmax: "log_softmax",
        nn.ReLU: "relu",
    }
    return known.get(type(last), "none")


def fit_facts(run: Fitted, outputs: torch.Tensor) -> FitFacts:
    """How training went; `outputs` are the raw ones of training rows `(n, outputs)`."""
    curves, trainer = run.learner.curves, run.trainer
    epochs = len(curves.steps)
    stopping = next((c for c in cast("Any", trainer).callbacks if hasattr(c, "stopped_epoch")), None)
    return FitFacts(
        epochs=epochs,
        max_epochs=int(trainer.max_epochs or epochs),
        steps=max(curves.steps.values(), default=0),
        batches_per_epoch=len(run.data.train_dataloader()),
        accumulate=int(trainer.accumulate_grad_batches),
        stopped_early=bool(stopping is not None and stopping.stopped_epoch),
        best_epoch=run.checkpoint.best_epoch,
        seconds=round(run.seconds, 3),
        initial_loss=run.trace.initial_loss,
        chance_loss=_chance_loss(run),
        final_train_loss=_train_loss(run, outputs),
        batch_label_entropy=_batch_entropy(run),
        recorded=tuple(run.trace.epochs),
        shuffled=run.data.source.shuffle,
        non_finite=run.non_finite,
        lr=tuple(run.learner.lrs),
    )


def _train_loss(run: Run, outputs: torch.Tensor) -> float | None:
    split = run.data.splits["train"]
    if not run.predictor.loss.measurable:
        return None
    value = float(run.predictor.loss(outputs, split.y, split.weight))
    return value if value == value else None  # noqa: PLR0124  # NaN


def _chance_loss(run: Run) -> float | None:
    """Train loss of the best constant output, found by a few Newton-like steps on the output alone."""
    split, loss = run.data.splits["train"], run.predictor.loss
    if not loss.measurable:
        return None
    outputs = loss.outputs(run.predictor.spec)
    constant = torch.zeros(outputs, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([constant], max_iter=50, line_search_fn="strong_wolfe")
    y, weight = split.y[:LAST_LOOK], None if split.weight is None else split.weight[:LAST_LOOK].double()

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        value: torch.Tensor = loss(constant.expand(len(y), outputs), y, weight)
        value.backward()
        return value

    with torch.enable_grad():
        optimizer.step(closure)
        value = float(closure().detach())
    return value if value == value else None  # noqa: PLR0124  # NaN


def _batch_entropy(run: Run) -> float | None:
    """Mean label entropy within the first epoch's batches over that of the whole split; about 1 when shuffled."""
    spec, split = run.predictor.spec, run.data.splits["train"]
    if spec.numeric:
        return None
    if run.data.own_loader:
        return None
    loader = run.data.train_dataloader()
    size = loader.batch_size * int(run.trainer.accumulate_grad_batches)
    codes = split.y[loader.order(0)]
    whole = _entropy(torch.bincount(codes, minlength=len(spec.classes)).unsqueeze(0))
    counts = [torch.bincount(part, minlength=len(spec.classes)) for part in codes.split(size) if len(part) == size]
    if not counts or float(whole) == 0:
        return None
    return float(_entropy(torch.stack(counts)).mean() / whole)


def _entropy(counts: torch.Tensor) -> torch.Tensor:
    share = counts.double() / counts.sum(-1, keepdim=True)
    return -(share * share.clamp_min(1e-12).log()).sum(-1)


def _history(run: Run) -> dict[str, tuple[float | None, ...]]:
    columns = run.learner.curves.measurements()  # what callbacks log is no score
    return {key: tuple(columns[key]) for key in sorted(columns)}


def _layers(run: Run) -> tuple[Layer, ...]:
    split = run.data.splits["train"]
    finish = run.data.preprocess.finish
    batches = [finish(part) for part in split.x[:LAST_LOOK].split(2048)]
    layers = inspect_layers(run.predictor.model, batches, run.trace.layers)
    return tuple(
        replace(
            layer,
            gradient=tuple(run.trace.gradient.get(name, ())),
            update=tuple(run.trace.update.get(name, ())),
            moved=run.trace.relative_change(name, run.predictor.model),
        )
        for name, layer in layers.items()
    )


def count_test(run: Run, evidence: Evidence) -> Evidence:
    """The evidence with the number of times that this test split has been read, this one counted in the ledger."""
    if evidence.scored != "test":
        return evidence
    reads = count_reading(run.config.output_dir, run.data.origin.sha256)
    return replace(evidence, test_reads=reads)
