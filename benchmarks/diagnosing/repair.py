"""Whether a suggestion mends a fault: applied alone, on other seeds, beside an unchanged arm and the known fix."""

import random
from statistics import mean
from typing import Any

from cases.case import Case

from diagnosing.store import Store, changes_key
from diagnosing.train import metric_of, score_case

SEEDS = (101, 102, 103)
MARGIN = 0.03  # of the metric, within which a score is as good as the fixed model's
SHARE = 0.2  # or this share of what the fault costs
RANDOM = (
    "optimizer.lr=0.0001", "optimizer.lr=0.001", "optimizer.lr=0.01", "optimizer.lr=0.1", "trainer.max_epochs=20",
    "trainer.max_epochs=200", "model.hidden=[128,128]", "model.hidden=[16]", "model.activation=relu",
    "model.activation=tanh", "model.dropout=0", "model.dropout=0.5", "model.norm=batch", "optimizer.weight_decay=0",
    "optimizer.weight_decay=0.01", "optimizer=sgd", "optimizer=adam", "data.batch_size=16", "data.batch_size=256",
    "data.shuffle=true", "data.normalize=standard", "data.normalize=minmax", "data.normalize_target=true",
    "task.threshold=tuned", "loss.class_weight=balanced", "model.init=xavier_uniform", "trainer.gradient_clip_val=1.0",
    "callback.early_stopping.patience=5", "data.dedupe=true", "loss=auto", "scheduler=cosine",
)  # fmt: skip


def repair(case: Case, words: tuple[str, ...], store: Store, seeds: tuple[int, ...] = SEEDS) -> dict[str, Any]:
    """Whether the changes, no change and a random one bring most seeds to the fixed score; None: unknown."""
    none = {"words": list(words), "suggested": None, "unchanged": None, "random": None}
    if case.fix is None:
        return none
    fixed = [_score(case, case.fix.words, seed, store, table=True) for seed in seeds]
    faulty = [_score(case, (), seed, store) for seed in seeds]
    goal = mean(-1.0 if value is None else value for value in fixed)
    drawn = (random.Random(case.name).choice(RANDOM),)
    suggested = [_score(case, words, seed, store) for seed in seeds] if words else faulty
    tried = [_score(case, drawn, seed, store) for seed in seeds]
    return {
        "words": list(words),
        "scores": {"fixed": fixed, "faulty": faulty, "suggested": suggested, "random": tried},
        "suggested": bool(words) and mended(case, suggested, faulty, goal),
        "unchanged": mended(case, faulty, faulty, goal),
        "random": mended(case, tried, faulty, goal),
    }


def mended(case: Case, scores: list[float | None], faulty: list[float | None], goal: float) -> bool:
    """A majority of the seeds is as good as the fixed model; where the fault flatters, as modest as it."""
    base = mean(goal - 1 if value is None else value for value in faulty)
    allowed = max(MARGIN, SHARE * min(abs(goal - base), 1.0))
    near = [
        value is not None and value >= goal - allowed and (case.proof != "honest" or value <= goal + allowed)
        for value in scores
    ]
    return 2 * sum(near) > len(near)


def _score(case: Case, words: tuple[str, ...], seed: int, store: Store, *, table: bool = False) -> float | None:
    rows = case.fix.table if table and case.fix else None
    key = changes_key((*words, "the fix's rows") if rows else words, seed)
    kept = store.read(case, key, store.fits)
    if kept is None:
        kept = {"scores": score_case(case, seed, changes=words, table=rows)}
        store.write(case, key, store.fits, kept)
    return metric_of(kept["scores"], case.metric)
