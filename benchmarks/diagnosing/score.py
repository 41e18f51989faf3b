"""From verdicts to figures: recall, precision, alarms, costly errors, agreement and repair, with intervals."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from cases.case import Case

from diagnosing.train import metric_of
from litmus.evidence import Evidence
from litmus.verdict import Verdict
from litmus.verdict.criteria import Criteria
from litmus.verdict.judge import judge
from litmus.verdict.settings import Settings

Z = 1.959964
CURES = 0.5  # share of a fault's cost, as for a repair
SOUND = frozenset({"adequate", "limited"})
"""Answers that blame neither the data's handling nor a setting: right for a healthy run, a miss for a faulty one."""


@final
@dataclass(frozen=True)
class Judged:
    """One run of a case and what was said of it.

    Args:
        case: The case.
        seed: The run's.
        verdict: None where the run was refused.
        seconds: Wall time of the run, trials included.
        refused: Why there is no verdict.
        cured: Whether the run shows less than half of what its fault costs by plain PyTorch, because our defaults
            (an ensemble, a target standardised for the loss) take it away: then there is nothing to be found.
    """

    case: Case
    seed: int
    verdict: Verdict | None
    seconds: float = 0.0
    refused: str | None = None
    cured: bool = False

    @property
    def answer(self) -> str:
        """The verdict's word; "refused" without one."""
        return self.verdict.verdict if self.verdict else "refused"

    @property
    def alarms(self) -> list[str]:
        """Names at warning or error, in rank order."""
        return [found.name for found in self.verdict.findings if found.alarms] if self.verdict else []

    @property
    def causes(self) -> list[str]:
        """Those of them that nothing else explains."""
        if self.verdict is None:
            return []
        return [found.name for found in self.verdict.findings if found.alarms and found.consequence_of is None]

    @property
    def named(self) -> bool:
        """Whether a right name stands among the findings that count."""
        if self.case.least == "info" and self.verdict is not None:
            return any(found.name in self.case.accepts for found in self.verdict.findings)
        return any(name in self.case.accepts for name in self.alarms)

    @property
    def named_first(self) -> bool:
        """Whether the first cause has a right name."""
        right = self.case.first or self.case.accepts
        if self.case.least == "info" and self.verdict is not None and not self.causes:
            return bool(self.verdict.findings) and self.verdict.findings[0].name in right
        return bool(self.causes) and self.causes[0] in right


def judged(
    case: Case,
    seed: int,
    evidence: Evidence | None,
    seconds: float = 0.0,
    *,
    refused: str | None = None,
    verified: Mapping[str, Any] | None = None,
) -> Judged:
    """The verdict of today's code on kept evidence, by the criteria and settings that its config states.

    Args:
        case: The case.
        seed: The run's.
        evidence: What it showed; None where it was refused.
        seconds: Wall time of the run.
        refused: Why there is no evidence.
        verified: What plain PyTorch showed of the fault.
    """
    if evidence is None:
        return Judged(case, seed, None, seconds, refused)
    verdict = judge(evidence, _made(Criteria, evidence, "criteria"), _made(Settings, evidence, "verdict"))
    return Judged(case, seed, verdict, seconds, cured=_cured(case, evidence, verified or {}))


def _cured(case: Case, evidence: Evidence, verified: Mapping[str, Any]) -> bool:
    """Whether the run does so much better than the faulty model by hand that more than half of the cost is gone."""
    if case.healthy or not {"faulty", "fixed", "costs"} <= verified.keys():
        return False
    reached = metric_of({name: score.value for name, score in evidence.scores[evidence.scored].items()}, case.metric)
    return reached is not None and reached > verified["fixed"] - CURES * verified["costs"]


def _made(target: Any, evidence: Evidence, key: str) -> Any:
    return target(**{name: value for name, value in evidence.config[key].items() if not name.startswith("_")})


@final
@dataclass(frozen=True)
class Rate:
    """A share with the 95 % Wilson interval of its clusters' mean.

    Args:
        name: What it is the share of.
        goal: What it must reach, such as ">= .85"; empty without one.
        value: The mean of the clusters' shares; None without any.
        low: Lower bound; `high` is the upper one.
        runs: Number of runs, or findings, it rests on.
        clusters: Number of clusters they come from.
    """

    name: str
    goal: str
    value: float | None
    low: float | None
    high: float | None
    runs: int
    clusters: int

    def __str__(self) -> str:
        if self.value is None:
            return f"{self.name:<44} {'-':>6}"
        bounds = f"[{self.low:.2f}, {self.high:.2f}]"
        return (
            f"{self.name:<44} {self.value:6.3f}  {bounds}  {self.runs:>4} in {self.clusters:>3} clusters  {self.goal}"
        )


def rate(name: str, goal: str, observed: Iterable[tuple[str, bool]]) -> Rate:
    """The share of successes among (cluster, success) pairs.

    Source: Wilson (1927), with the mean of the clusters' shares as the proportion and their number as n: as if the
    runs of a cluster said the same thing several times, which is the cautious assumption.
    """
    by_cluster: dict[str, list[bool]] = defaultdict(list)
    for cluster, success in observed:
        by_cluster[cluster].append(success)
    n = len(by_cluster)
    if not n:
        return Rate(name, goal, None, None, None, 0, 0)
    mean = sum(sum(one) / len(one) for one in by_cluster.values()) / n
    centre = (mean + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * (mean * (1 - mean) / n + Z**2 / (4 * n**2)) ** 0.5 / (1 + Z**2 / n)
    runs = sum(len(one) for one in by_cluster.values())
    return Rate(name, goal, mean, max(0.0, centre - half), min(1.0, centre + half), runs, n)


def diagnosis_rates(runs: Sequence[Judged]) -> list[Rate]:
    """What was said, against what is so."""
    planted, healthy = [run for run in runs if not run.case.healthy], [run for run in runs if run.case.healthy]
    faulty = [run for run in planted if not run.cured]

    def share(name: str, goal: str, among: Sequence[Judged], holds: Callable[[Judged], bool]) -> Rate:
        return rate(name, goal, ((run.case.cluster, holds(run)) for run in among))

    return [
        share("recall: right name at warning or error", ">= .85", faulty, lambda run: run.named),
        share("recall, faults that the defaults cure included", "", planted, lambda run: run.named),
        share("faults that the defaults cure", "", planted, lambda run: run.cured),
        share("right name first", ">= .70", faulty, lambda run: run.named_first),
        rate("precision of alarms that nothing explains", ">= .85", _precise(runs)),
        rate("precision of all alarms", "", _precise(runs, every=True)),
        share("healthy runs with an alarm", "<= .05", healthy, lambda run: bool(run.alarms)),
        share("healthy called inadequate", "<= .03", healthy, lambda run: run.answer in {"inadequate", "refused"}),
        share("healthy called adequate or limited", "", healthy, lambda run: run.answer in SOUND),
        share(
            "faulty called adequate or limited",
            "<= .03",
            [run for run in faulty if run.case.least != "info"],
            lambda run: run.answer in SOUND,
        ),
        agreement(healthy),
    ]


def _precise(runs: Iterable[Judged], *, every: bool = False) -> Iterable[tuple[str, bool]]:
    for run in runs:
        for name in run.alarms if every else run.causes:
            yield run.case.cluster, name in run.case.accepts


def agreement(healthy: Iterable[Judged]) -> Rate:
    """The share of healthy tables on which all seeds give one verdict."""
    answers: dict[str, list[Judged]] = defaultdict(list)
    for run in healthy:
        answers[run.case.name].append(run)
    several = [runs for runs in answers.values() if len(runs) > 1]
    return rate(
        "healthy tables with one verdict over seeds",
        ">= .90",
        ((runs[0].case.cluster, len({run.answer for run in runs}) == 1) for runs in several),
    )


def repair_rates(repairs: Iterable[tuple[Case, dict[str, Any]]]) -> list[Rate]:
    """How often the first suggestion mends a fault, beside what no change and a random change do."""
    mendable = [(case, found) for case, found in repairs if case.fix is not None]
    others = [(case, found) for case, found in repairs if case.fix is None]
    goals = {"suggested": ">= .75", "unchanged": "", "random": ""}
    names = {
        "suggested": "repaired by the first suggestion",
        "unchanged": "repaired by another seed alone",
        "random": "repaired by a random override",
    }
    found = [
        rate(names[arm], goal, ((case.cluster, bool(one[arm])) for case, one in mendable if one[arm] is not None))
        for arm, goal in goals.items()
    ]
    nothing = ((case.cluster, not one["words"]) for case, one in others)
    return [*found, rate("no setting suggested where none helps", "", nothing)]


def confusions(runs: Iterable[Judged]) -> list[str]:
    """A line for each run that was not told as it should be."""
    lines = []
    for run in runs:
        wrong = [name for name in run.alarms if name not in run.case.accepts]
        sound = run.case.healthy or run.cured
        costly = run.answer in ({"inadequate", "refused"} if sound else SOUND)
        if not wrong and not costly and (sound or run.named_first):
            continue
        said = ", ".join(run.alarms) or run.refused or "none"
        lines.append(f"{run.case.name} seed {run.seed}: {run.answer}; alarms: {said}")
    return lines


def answers(runs: Iterable[Judged]) -> Counter[str]:
    """How often each verdict was given."""
    return Counter(run.answer for run in runs)
