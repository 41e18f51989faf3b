"""A new verdict: on a run, from its stored evidence, or on predictions that any tool made."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litmus.config import RunConfig, check, compose, make, read, to_plain
from litmus.errors import CheckpointError, ConfigError, InputError, remedy
from litmus.evidence import Evidence, ModelFacts, TaskFacts
from litmus.report.files import split_metrics, write_json, write_verdict
from litmus.report.terminal import Terminal
from litmus.run.paths import Paths
from litmus.sweeps.places import find_run
from litmus.task import kind_of
from litmus.verdict import Verdict
from litmus.verdict.criteria import Criteria
from litmus.verdict.judge import judge
from litmus.verdict.settings import Settings

if TYPE_CHECKING:
    from litmus.scoring.external import External

USAGE = "usage: litmus judge <run|last>, or litmus judge predictions=<csv> target=<col> pred=<col> [score=<col>]"


def main(
    run: str | None = None,
    *,
    predictions: str | None = None,
    target: str | None = None,
    pred: str | None = None,
    score: str | None = None,
    output_dir: str = "outputs",
    overrides: Sequence[str] = (),
) -> None:
    """Prints the verdict and writes it: verdict.json in the run, or <name>_verdict.json in the current directory.

    Args:
        run: Run directory or last; its verdict.json is replaced, its evidence stays as it is.
        predictions: Table of another tool's predictions, instead of a run.
        target: Its column of true values.
        pred: Its column of predictions.
        score: Its column of scores of the positive class.
        output_dir: Where `last` is looked for.
        overrides: Of `criteria` and `verdict`, on top of the run's own.

    Raises:
        InputError: A run without evidence, a table that cannot be judged, or a wrong override.
    """
    terminal = Terminal()
    if predictions is None:
        if run is None:
            raise ConfigError(f"judge: what? {USAGE}")
        if target or pred or score:
            raise ConfigError(f"judge: target, pred and score name columns of predictions=<csv>; {USAGE}")
        rejudge(find_run(run, output_dir=output_dir, tell=terminal.line), overrides, terminal)
        return
    if run is not None:
        raise ConfigError(f"judge: {run} or predictions={predictions}, not both; {USAGE}")
    if target is None or pred is None:
        raise ConfigError(f"judge: predictions need target=<col> and pred=<col>; {USAGE}")
    judge_table(predictions, overrides, terminal, target=target, pred=pred, score=score)


def rejudge(directory: Path, overrides: Sequence[str], terminal: Terminal) -> Verdict:
    """The run's stored evidence under the criteria now asked."""
    paths = Paths(directory)
    evidence = stored_evidence(paths)
    criteria, settings = asked(to_plain(read(paths.config), resolve=False), overrides)
    verdict = judge(evidence, criteria, settings)
    save(lambda: write_verdict(directory, verdict), directory)
    terminal.verdict(verdict, evidence)
    terminal.files(directory)
    return verdict


def judge_table(
    path: str, overrides: Sequence[str], terminal: Terminal, *, target: str, pred: str, score: str | None
) -> Verdict:
    """A table of true values and predictions, whoever made them."""
    criteria, settings = asked({}, overrides)
    evidence, note = table_evidence(path, target=target, pred=pred, score=score)
    verdict = judge(evidence, without_references(criteria, evidence), settings)
    terminal.opening([f"predictions: {path}, {evidence.data.sizes['test']} rows", note])
    terminal.verdict(verdict, evidence)
    output = Path(f"{Path(path).stem}_verdict.json")
    save(lambda: write_json(output, {**asdict(verdict), "metrics": split_metrics(evidence, evidence.scored)}), output)
    terminal.line()
    terminal.line(f"verdict: {output}")
    return verdict


def table_evidence(path: str, *, target: str, pred: str, score: str | None) -> tuple[Evidence, str]:
    """What a table of predictions shows, and how its kind of target was found."""
    from litmus.scoring.external import read_external  # torch, which judging a run does without

    found = read_external(path, target=target, pred=pred, score=score)
    return external_evidence(found, target=target, model=pred), found.note


def external_evidence(found: "External", *, target: str, model: str) -> Evidence:
    """What predictions show, whoever made them.

    Args:
        found: The predictions.
        target: What they are of.
        model: What made them.
    """
    from litmus.scoring.score import score as measure
    from litmus.scoring.standalone import evidence_of

    spec = found.task.spec
    share = found.task.majority_share(found.prior)
    primary = found.task.primary_of(found.prior)
    primary = "balanced_accuracy" if primary in found.left_out else primary
    facts = TaskFacts(kind=spec.task, target=target, classes=spec.classes, primary=primary, majority_share=share)
    return evidence_of(
        found.predictions,
        measure(found.task, found.predictions, prior=found.prior, primary=primary),
        spec=spec,
        task=facts,
        model=ModelFacts(name=model, parameters=0, hidden_layers=0, linear=False),
        left_out=found.left_out,
        reason=found.reason,
    )


def asked(config: Mapping[str, Any], overrides: Sequence[str]) -> tuple[Criteria, Settings]:
    """What is asked of the model: the config's `criteria` and `verdict`, changed as the overrides say.

    Args:
        config: Of the run; what it does not hold is at its default.
        overrides: `criteria=<option>`, `criteria.<metric>=<threshold>`, `verdict.accept=[...]`.

    Raises:
        ConfigError: An override is wrong.
    """
    new = {**to_plain(compose(overrides)), "metrics": dict.fromkeys(RunConfig(config).metrics.node)}
    if problems := check(new):
        raise ConfigError(problems)
    nodes = {name: dict(config.get(name) or new[name]) for name in ("criteria", "verdict")}
    for word in overrides:
        section, _, key = word.lstrip("+").partition("=")[0].partition(".")
        nodes[section] = {**nodes[section], key: new[section][key]} if key else dict(new[section])
    criteria: Criteria = make(nodes["criteria"], "criteria")
    settings: Settings = make(nodes["verdict"], "verdict")
    settings.check()
    return criteria, settings


def without_references(criteria: Criteria, evidence: Evidence) -> Criteria:
    """Asks nothing that only reference models could answer, where there are none; the evidence says so."""
    silent = (
        kind_of(evidence.task.kind).numeric and not evidence.references and "non_inferiority" not in criteria.stated()
    )
    return criteria.without("non_inferiority") if silent else criteria


def stored_evidence(paths: Paths) -> Evidence:
    """The evidence that a run left.

    Raises:
        CheckpointError: There is none, or it is of another version.
    """
    try:
        return Evidence.from_json(paths.evidence.read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = "holds no evidence.json, so this run did not finish"
        raise CheckpointError(
            f"{paths.directory}: {message}; go on with litmus train resume={paths.directory}"
        ) from None
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(f"{paths.evidence}: cannot be read ({reason}); train the run again") from None


def save(write: Any, place: Path) -> None:
    """Calls `write`.

    Raises:
        InputError: The file cannot be written there.
    """
    try:
        write()
    except OSError as error:
        advice = remedy(error, "make it writable")
        raise InputError(f"{place}: cannot be written ({error.strerror or error}); {advice}") from error
