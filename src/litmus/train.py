"""One run, from a config to a verdict."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from litmus.config import make, saved, to_plain
from litmus.data.module import DataModule
from litmus.errors import AdequacyError, DataError, InterruptedRun, RunError
from litmus.evaluation.checks import Checked
from litmus.evidence import DataFacts, Evidence
from litmus.learning.callbacks import Sink
from litmus.probe.probe import budget, can_change, probe
from litmus.report.progress import Progress
from litmus.report.record import Outcome, record_figures, record_pages, record_verdict
from litmus.report.terminal import Terminal
from litmus.run import Paths, Run, prepare_data, write_status
from litmus.run.checks import bare_evidence, check_rows
from litmus.run.observe import count_test, observe
from litmus.run.repeat import repeat
from litmus.run.yardsticks import with_decision, with_references, with_weakness
from litmus.verdict import Verdict
from litmus.verdict.criteria import lower_is_better
from litmus.verdict.findings import DATA
from litmus.verdict.judge import judge

log = logging.getLogger(__name__)

# references may take as long as the fit; as all short fits get the same time, a busy machine changes no reference
SHORT, LONG = 2.0, 8.0


def main(cfg: DictConfig, *, directory: Path, command: Sequence[str] = (), job: bool = False) -> float:
    """Trains as `cfg` says and returns the monitored validation value.

    Args:
        cfg: Composed and checked.
        directory: The run's own: new, or with `resume` the one to go on in.
        command: The words after `litmus`, for provenance.
        job: Whether it is one of a sweep: then test is left alone and the terminal quiet.

    Raises:
        InputError: Data or values that cannot be trained on; nothing was written.
        RunError: The loss did not stay finite; the verdict was written all the same.
        AdequacyError: `fail_on` met the verdict.
        InterruptedRun: A signal ended it after its state was saved.
    """
    config = to_plain(cfg)
    stored = to_plain(saved(cfg), resolve=False)
    outcome = train(config, directory, stored=stored, command=command, job=job, terminal=None if job else Terminal())
    broken = outcome.run.non_finite
    if broken is not None:
        raise RunError(f"{directory}: the loss is not finite from epoch {broken.epoch} on; its verdict says why")
    _fail_on(config["fail_on"], outcome.verdict)
    return outcome.run.monitored


def train(
    config: Mapping[str, Any],
    directory: Path,
    *,
    stored: Mapping[str, Any],
    command: Sequence[str] = (),
    job: bool = False,
    terminal: Terminal | None = None,
    data: DataModule | None = None,
) -> Outcome:
    """The steps of a run in order; arguments as in `main`, `data` where rows are prepared already."""
    data = data or prepare_data(config)
    progress = _progress(config, terminal)
    sinks = [*_loggers(config, directory), *([progress] if progress else [])]
    run = Run.build(config, directory, stored=stored, sinks=sinks, data=data)
    test = _scores_test(config, job=job)
    checked = check_rows(run, test=test, thorough=not job)
    if data.source.checks == "stop":
        stop_on_leaks(run, checked.facts)
    with recorded(run, stored):
        if terminal is not None:
            terminal.opening(opening(run))
        run.fit(resume=_last_checkpoint(config, run.paths))
        run.decide()
        if progress is not None:
            progress.stop()
        probes = config["verdict"]["probes"] != "off" and not job
        outcome = assess(run, checked, test=test, probes=probes)
        provenance = record_figures(outcome, command=command)
        outcome = refine(outcome, terminal, probes=probes)
        record_pages(outcome, sinks=sinks, provenance=provenance, figures=not job)
        if terminal is not None:
            terminal.files(directory)
    return outcome


def assess(run: Run, checked: Checked, *, test: bool, probes: bool) -> Outcome:
    """Scores a fitted and decided run, puts yardsticks beside it, and judges; `test` reads the test split, once."""
    evidence, predictions = observe(run, test=test, checked=checked)
    evidence, predictions = repeat(run, evidence, predictions)
    evidence = count_test(run, evidence)
    if run.non_finite is None:
        evidence = with_decision(evidence, predictions)
        if probes:
            evidence = with_references(run, evidence, predictions, seconds=min(max(run.seconds, SHORT), LONG))
            evidence = with_weakness(run, evidence, predictions)
    return Outcome(run, evidence, judged(run.config, evidence), predictions)


def stop_on_leaks(run: Run, facts: DataFacts) -> None:
    """Refuses rows with leaks between their splits, as `data.checks=stop` asks; raises DataError."""
    for one in judged(run.config, bare_evidence(run, facts)).findings:
        if one.name in DATA and one.severity == "error" and not one.accepted:
            remedy = " ".join(one.overrides) or "mend the data"
            raise DataError(f"{one.name}: {one.summary} Try {remedy}, or data.checks=report", file=run.data.origin.path)


def judged(config: Mapping[str, Any], evidence: Evidence) -> Verdict:
    """The verdict by the config's own criteria."""
    return judge(evidence, make(config["criteria"], "criteria"), make(config["verdict"], "verdict"))


def refine(outcome: Outcome, terminal: Terminal | None, *, probes: bool) -> Outcome:
    """The outcome after small trials of what might help; the first verdict is shown at once, and Ctrl-C keeps it."""
    run = outcome.run
    if terminal is not None:
        terminal.verdict(outcome.verdict, outcome.evidence)
    seconds = budget(make(run.config["verdict"], "verdict"), run.seconds) if probes else 0.0
    if not seconds or run.non_finite is not None or not can_change(outcome.verdict):
        return outcome
    if terminal is not None:
        terminal.line()
        terminal.line(f"trying what might help, for about {seconds:.0f} s (Ctrl-C keeps the verdict above)")
    try:
        evidence = probe(
            run.config, run.data, outcome.evidence, outcome.verdict, fit_seconds=run.seconds, seconds=seconds
        )
    except KeyboardInterrupt:
        if terminal is not None:
            terminal.line("stopped; the verdict above stands")
        return outcome
    refined = replace(outcome, evidence=evidence, verdict=judged(run.config, evidence))
    record_verdict(refined)
    if terminal is not None:
        same = refined.verdict.findings == outcome.verdict.findings
        told = refined.verdict.criteria == outcome.verdict.criteria
        if same:
            terminal.line("nothing that was tried changes it")
        else:
            terminal.verdict(refined.verdict, evidence, table=not told)
    return refined


@contextmanager
def recorded(run: Run, stored: Mapping[str, Any]) -> Iterator[None]:
    """Keeps config.yaml, status.json and log.txt true to what happens inside."""
    paths = run.paths
    paths.directory.mkdir(parents=True, exist_ok=True)
    OmegaConf.save(OmegaConf.create(dict(stored)), paths.config)
    handler = logging.FileHandler(paths.log, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger("litmus")
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    root.propagate = False
    write_status(paths, "running")
    try:
        log.info(run.trainer.means)
        yield
    except InterruptedRun as error:
        write_status(paths, "interrupted", reason=str(error))
        raise
    except KeyboardInterrupt:
        kept = f"go on with litmus train resume={paths.directory}" if paths.last.is_file() else "nothing was saved"
        write_status(paths, "interrupted", reason=f"interrupted; {kept}")
        raise
    except BaseException as error:
        write_status(paths, "failed", reason=f"{type(error).__name__}: {error}")
        raise
    else:
        broken = run.non_finite
        reason = None if broken is None else f"the loss is not finite from epoch {broken.epoch}, step {broken.step} on"
        write_status(paths, "finished" if broken is None else "failed", reason=reason)
    finally:
        root.removeHandler(handler)
        root.propagate = True
        handler.close()


def opening(run: Run) -> list[str]:
    """What is trained on what, a line each."""
    spec, model = run.data.spec, run.predictor.model
    size = sum(parameter.numel() for parameter in model.parameters())
    shape, outputs = " x ".join(str(side) for side in spec.in_shape), run.predictor.loss.outputs(spec)
    return [
        f"data: {run.data.origin.path}, {run.data.origin.rows:,} rows",
        *run.data.notes,
        f"model: {type(model).__name__}, {size:,} parameters, {shape} inputs, {outputs} outputs",
    ]


def _progress(config: Mapping[str, Any], terminal: Terminal | None) -> Progress | None:
    if terminal is None:
        return None
    monitor = config["monitor"]
    progress = Progress(terminal, monitor, lower_is_better=lower_is_better(monitor.rpartition("/")[2]))
    progress.start(config["trainer"].get("max_epochs"))
    return progress


def _loggers(config: Mapping[str, Any], directory: Path) -> list[Sink]:
    sink = make(config.get("logger"), "logger", directory=str(directory))
    return [] if sink is None else [sink]


def _last_checkpoint(config: Mapping[str, Any], paths: Paths) -> Path | None:
    return paths.last if config["resume"] and paths.last.is_file() else None


def _scores_test(config: Mapping[str, Any], *, job: bool) -> bool:
    """Whether the test split is scored: once, when all is fixed, and not by the jobs of a sweep."""
    wanted = config["test"]
    return not job if wanted == "auto" else bool(wanted)


def _fail_on(wanted: str | None, verdict: Verdict) -> None:
    rank = {"adequate": 0, "undetermined": 1, "inadequate": 2}
    if wanted is not None and rank[verdict.verdict] >= rank[wanted]:
        raise AdequacyError(f"fail_on={wanted}: the verdict is {verdict.verdict}")
