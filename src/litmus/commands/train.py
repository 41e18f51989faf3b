"""One run, from a config to a verdict."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger
from omegaconf import DictConfig

from litmus.config import LOGGER_PLACES, RunConfig, saved, to_plain, to_yaml
from litmus.data.module import DataModule
from litmus.data_checks.checks import Checked
from litmus.disk import write_text
from litmus.engine.callbacks import Sink
from litmus.errors import AdequacyError, DataError, InterruptedRun, RunError
from litmus.evidence import DataFacts, Evidence
from litmus.evidence.values import SplitName
from litmus.metrics import lower_is_better
from litmus.metrics.answers import Predictions
from litmus.probe.probe import budget, can_change, probe
from litmus.report.progress import Progress
from litmus.report.record import Outcome, record_figures, record_origin, record_pages, record_verdict
from litmus.report.terminal import Terminal
from litmus.report.tracking import OfLightning
from litmus.run import Decided, Fitted, KeptRows, Paths, Run, by_heart, prepare_data, write_status
from litmus.run.analysis import with_baseline, with_decision, with_references, with_weakness
from litmus.run.answers import note_questions, with_answers
from litmus.run.checks import bare_evidence, check_rows
from litmus.run.length import with_length
from litmus.run.observe import count_test, observe
from litmus.run.predictor import stored_spec
from litmus.run.repeat import repeat
from litmus.run.status import read_status
from litmus.sweeps.earlier import beside_earlier
from litmus.sweeps.limits import job_limits
from litmus.verdict import Verdict
from litmus.verdict.answers import at_least_as_bad
from litmus.verdict.findings import about_data
from litmus.verdict.judge import judge
from litmus.verdict.settings import Settings
from litmus.verdict.tried import summary_of_trials
from litmus.verdict.wording import sentence

log = logging.getLogger(__name__)
PROFILE_LINES = 20
_rows = KeptRows()  # of the jobs of a sweep that this process works through


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
    config = RunConfig(to_plain(cfg))
    stored = saved(cfg)
    outcome = train(config, directory, stored=stored, command=command, job=job, terminal=None if job else Terminal())
    broken = outcome.run.non_finite
    if broken is not None:
        raise RunError(f"{directory}: the loss is not finite from epoch {broken.epoch} on; its verdict says why")
    _fail_on(config.fail_on, outcome.verdict)
    return outcome.run.monitored


def train(
    config: RunConfig,
    directory: Path,
    *,
    stored: Mapping[str, Any],
    command: Sequence[str] = (),
    job: bool = False,
    terminal: Terminal | None = None,
    data: DataModule | None = None,
) -> Outcome:
    """The steps of a run in order; arguments as in `main`, `data` where rows are prepared already."""
    config, few = by_heart.settled(_as_begun(config, Paths(directory))), by_heart.asked(config)
    data = data or (_rows.prepare if job else prepare_data)(config)
    last = _last_checkpoint(config, Paths(directory))
    if last is not None:
        data.go_on(stored_spec(last))
    whole = with_length(config, data)
    progress = _progress(whole, terminal)
    sinks = [*loggers(config, directory), *([progress] if progress else [])]
    limits = job_limits(whole) if job else []
    run = Run.build(config, directory, stored=stored, sinks=sinks, data=data, callbacks=limits)
    test = _scores_test(config, job=job) and not few
    checked = check_rows(run, test=test, thorough=not job)
    if data.source.checks == "stop":
        stop_on_leaks(run, checked.facts)
    with recorded(run, stored):
        provenance = record_origin(run, command)
        if terminal is not None:
            terminal.opening(opening(run))
        fitted = run.fit(resume=last)
        done = fitted.decide()
        if progress is not None:
            progress.stop()
        if terminal is not None:
            _show_profile(run, terminal)
        probes = config.verdict.probes != "off" and not job and not few
        outcome = assess(done, checked, test=test and done.scored, job=job or few)
        record_figures(outcome)
        outcome = refine(outcome, terminal, probes=probes)
        record_pages(outcome, sinks=sinks, provenance=provenance, figures=not job)
        if terminal is not None:
            if not few and (line := beside_earlier(directory, config.output_dir)):
                terminal.line()
                terminal.line(line)
            terminal.files(directory)
        write_ended(fitted)
    return outcome


def assess(run: Decided, checked: Checked, *, test: bool, job: bool = False) -> Outcome:
    """Scores a fitted and decided run, puts reference models beside it, and judges.

    Args:
        run: After `fit` and `decide`.
        checked: What is known of the rows since before the fit.
        test: Whether to read the test split: once, when all is fixed.
        job: Whether it is one of a sweep, which does without reference models: its winner gets them.
    """
    evidence, predictions = observe(run, test=test, checked=checked)
    evidence, predictions = repeat(run, evidence, predictions)
    evidence = count_test(run, evidence)
    evidence = with_answers(run, compared(run, evidence, predictions, job=job))
    evidence = replace(evidence, memorised=by_heart.memorised(run))
    verdict = judged(run.config, evidence)
    note_questions(run, verdict.questions)
    return Outcome(run, evidence, verdict, predictions)


def compared(
    run: Decided, evidence: Evidence, predictions: Mapping[SplitName, Predictions], *, job: bool = False
) -> Evidence:
    """The evidence with its decisions, and with the model beside reference models where they are asked for."""
    if run.non_finite is not None:
        return evidence
    if not run.scored:
        return with_baseline(run, evidence, predictions)
    evidence = with_decision(evidence, predictions)
    off = run.config.verdict.references == "off"
    if job or off or not run.data.comparable:
        return with_baseline(run, evidence, predictions)
    return with_weakness(run, with_references(run, evidence, predictions), predictions)


def stop_on_leaks(run: Run, facts: DataFacts) -> None:
    """Refuses rows with leaks between their splits, as `data.checks=stop` asks; raises DataError."""
    for finding in judged(run.config, bare_evidence(run, facts)).findings:
        if about_data(finding.name) and finding.severity == "error" and not finding.accepted:
            remedy = " ".join(finding.overrides) or "mend the data"
            raise DataError(
                f"{finding.name}: {finding.summary} Try {remedy}, or data.checks=report", file=run.data.origin.path
            )


def judged(config: RunConfig, evidence: Evidence) -> Verdict:
    """The verdict by the config's own criteria."""
    return judge(evidence, config.criteria.make(), config.verdict.make())


def refine(outcome: Outcome, terminal: Terminal | None, *, probes: bool) -> Outcome:
    """The outcome after small trials of what might help; the first verdict is shown at once, and Ctrl-C keeps it."""
    run = outcome.run
    if terminal is not None:
        terminal.verdict(outcome.verdict, outcome.evidence)
    settings: Settings = run.config.verdict.make()
    seconds = budget(settings, run.seconds) if probes else 0.0
    if not seconds or run.non_finite is not None or not run.scored or not can_change(outcome.verdict):
        return outcome
    if terminal is not None:
        terminal.line()
        terminal.line(f"trying what might help, for about {seconds:.0f} s (Ctrl-C keeps the verdict above)")
    try:
        evidence = probe(
            with_length(run.config, run.data),
            run.data,
            outcome.evidence,
            outcome.verdict,
            fit_seconds=run.seconds,
            seconds=seconds,
            strict=settings.budget != "auto",
        )
    except KeyboardInterrupt:
        if terminal is not None:
            terminal.line("stopped; the verdict above stands")
        return outcome
    refined = replace(outcome, evidence=evidence, verdict=judged(run.config, evidence))
    record_verdict(refined)
    if terminal is not None:
        if _says_the_same(refined.verdict, outcome.verdict):
            terminal.line(sentence(f"the verdict stands: {summary_of_trials(evidence)}"))
        else:
            terminal.verdict(refined.verdict, evidence, table=refined.verdict.criteria != outcome.verdict.criteria)
    return refined


def _says_the_same(after: Verdict, before: Verdict) -> bool:
    """Whether trials changed nothing, and there is no suggestion whose own trial would have to be told."""
    return after.try_first is None and after.verdict == before.verdict and after.findings == before.findings


@contextmanager
def recorded(run: Run, stored: Mapping[str, Any]) -> Iterator[None]:
    """Keeps config.yaml, status.json and log.txt true to what happens inside, at whose end `write_ended` is called."""
    paths = run.paths
    paths.directory.mkdir(parents=True, exist_ok=True)
    if run.config.resumes or not paths.config.exists():  # else it appeared with its folder
        write_text(paths.config, to_yaml(stored))
    handler = logging.FileHandler(paths.log, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger("litmus")
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    root.propagate = False
    write_status(paths, "running")
    try:
        log.info(run.trainer.summary)
        yield
    except InterruptedRun as error:
        write_status(paths, "interrupted", reason=str(error))
        raise
    except KeyboardInterrupt:
        kept = f"go on with litmus train resume={paths.directory}" if paths.last.is_file() else "nothing was saved"
        if read_status(paths) != "finished":  # in its last moment
            write_status(paths, "interrupted", reason=f"interrupted; {kept}")
        raise
    except BaseException as error:
        write_status(paths, "failed", reason=f"{type(error).__name__}: {error}")
        raise
    finally:
        root.removeHandler(handler)
        root.propagate = True
        handler.close()


def write_ended(run: Fitted) -> None:
    """The status of a run that came to its end."""
    broken = run.non_finite
    reason = None if broken is None else f"the loss is not finite from epoch {broken.epoch}, step {broken.step} on"
    write_status(run.paths, "finished" if broken is None else "failed", reason=reason)


def opening(run: Run) -> list[str]:
    """What is trained on what, a line each."""
    spec, model = run.data.spec, run.predictor.model
    size = sum(parameter.numel() for parameter in model.parameters())
    shape, outputs = " x ".join(str(side) for side in spec.in_shape), run.predictor.loss.outputs(spec)
    ends = f"{shape} input{'s' * (shape != '1')}, {outputs} output{'s' * (outputs != 1)}"
    return [
        f"data: {run.data.origin.path}, {run.data.origin.rows:,} rows",
        *run.data.notes,
        *run.notes,
        f"model: {run.predictor.name}, {size:,} parameters, {ends}",
        *run.trainer.notes,
    ]


def _show_profile(run: Run, terminal: Terminal) -> None:
    """The head of the profiler's table, if one was asked for; all of it is kept in the run."""
    if run.trainer.profile is None:
        return
    lines = [line for line in run.trainer.profile.splitlines() if line.strip() and set(line) != {"-"}]
    for line in lines[:PROFILE_LINES]:
        terminal.line(" ".join(line.split()))
    terminal.line(f"profile: {run.paths.profile}")


def _progress(config: RunConfig, terminal: Terminal | None) -> Progress | None:
    if terminal is None:
        return None
    monitor = config.monitor
    progress = Progress(terminal, monitor, lower_is_better=lower_is_better(monitor))
    progress.start(config.trainer.max_epochs)
    return progress


def loggers(config: RunConfig, directory: Path) -> list[Sink]:
    """The run's loggers: one, or as many as there are names below `logger`."""
    named = [config.logger] if config.logger else config.logger.entries().values()
    made = [logger.make(**dict.fromkeys(("directory", *LOGGER_PLACES), str(directory))) for logger in named]
    return [OfLightning(logger) if isinstance(logger, Logger) else logger for logger in made if logger is not None]


def _as_begun(config: RunConfig, paths: Paths) -> RunConfig:
    """The config, in which a run that goes on is told to use the loop that has trained it so far."""
    if not config.resumes or config.trainer.loop != "auto":
        return config
    try:
        engine = json.loads(paths.provenance.read_text(encoding="utf-8"))["engine"]
    except (OSError, ValueError, KeyError, TypeError):  # a run of before, which does not say it
        return config
    loop = engine if engine in {"lean", "stock"} else "auto"
    return config.having(trainer={**config.trainer.node, "loop": loop})


def _last_checkpoint(config: RunConfig, paths: Paths) -> Path | None:
    return paths.last if config.resumes and paths.last.is_file() else None


def _scores_test(config: RunConfig, *, job: bool) -> bool:
    """Whether the test split is scored: once, when all is fixed, and not by the jobs of a sweep."""
    wanted = config.test
    return not job if wanted == "auto" else bool(wanted)


def _fail_on(wanted: str | None, verdict: Verdict) -> None:
    if wanted is not None and at_least_as_bad(verdict.verdict, wanted):
        raise AdequacyError(f"fail_on={wanted}: the verdict is {verdict.verdict}")
