"""Run directories as a run leaves them, made of what a test says."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def make_run(tmp_path) -> Callable[..., Path]:
    """Writes a run directory below the test's own and returns it."""
    return lambda name, **facts: write_run(tmp_path / name, **facts)


def write_run(
    directory: Path,
    *,
    lr: float = 0.1,
    seed: int = 42,
    losses: tuple[float, ...] = (1.0, 0.5, 0.7),
    f1: float = 0.8,
    test: float | None = None,
    status: str = "finished",
    reason: str | None = None,
    extra: str = "",
    predictions: str = "",
) -> Path:
    directory.mkdir(parents=True)
    config = f"seed: {seed}\nname: {directory.name}\nmonitor: val/loss\n"
    config += f"optimizer:\n  _target_: torch.optim.Adam\n  lr: {lr}\n"
    (directory / "config.yaml").write_text(config + extra)
    (directory / "status.json").write_text(json.dumps({"status": status, "reason": reason}))
    if status != "finished":
        return directory
    scores = {"val": {"f1": {"value": f1, "low": f1 - 0.1, "high": f1 + 0.1, "n": 50}}}
    if test is not None:
        scores["test"] = {"f1": {"value": test, "low": test - 0.1, "high": test + 0.1, "n": 50}}
    (directory / "metrics.json").write_text(json.dumps(scores))
    (directory / "verdict.json").write_text(json.dumps({"verdict": "adequate" if f1 >= 0.8 else "inadequate"}))
    (directory / "evidence.json").write_text(json.dumps({"task": {"primary": "f1"}}))
    rows = "\n".join(f"{i},{i},{loss}" for i, loss in enumerate(losses))
    (directory / "history.csv").write_text(f"epoch,step,val/loss\n{rows}\n")
    if predictions:
        (directory / "predictions.csv").write_text("row,split,target,pred,prob_a,prob_b\n" + predictions)
    return directory
