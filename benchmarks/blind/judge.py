"""What Litmus said of the cases, counted: recall, first names, precision, alarms, verdicts that are wrong."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from scipy.stats import binomtest

from blind.cases import Case

ALARMS = ("error", "warning")


@dataclass(frozen=True)
class Share:
    """So many of so many, with a 95 % interval.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference (1927).
    """

    hits: int
    of: int

    def __str__(self) -> str:
        if self.of == 0:
            return "none to judge"
        interval = binomtest(self.hits, self.of).proportion_ci(method="wilson")
        return f"{self.hits / self.of:.2f} [{interval.low:.2f}, {interval.high:.2f}], {self.hits} of {self.of}"


@dataclass(frozen=True)
class Judged:
    """A case and what was said of it.

    Args:
        case: The case.
        status: done, refused, crashed or timeout.
        verdict: Its word; None: there is none.
        findings: As verdict.json has them: name, severity, consequence_of, accepted.
    """

    case: Case
    status: str
    verdict: str | None
    findings: list[dict[str, Any]]

    @property
    def alarms(self) -> list[dict[str, Any]]:
        """Warnings and errors, in rank order."""
        return [found for found in self.findings if found["severity"] in ALARMS and not found["accepted"]]

    @property
    def causes(self) -> list[str]:
        """Names of the alarms that no other finding explains."""
        return [found["name"] for found in self.alarms if found["consequence_of"] is None]

    @property
    def raised(self) -> bool:
        """Whether a right name is among the alarms; where the rows may be mended, among all findings."""
        fault = self.case.fault
        if fault is None:
            return False
        among = self.findings if fault.mended else self.alarms
        return any(found["name"] in fault.expected for found in among)

    @property
    def asked(self) -> list[str]:
        """Names that are asked about."""
        return [found["name"] for found in self.findings if found["severity"] == "question"]

    @property
    def named_first(self) -> bool:
        return self.case.fault is not None and self.causes[:1] != [] and self.causes[0] in self.case.fault.expected

    def is_true(self, name: str) -> bool:
        """Whether a finding is right here: expected, named beforehand as true as well, or true of the table."""
        fault = self.case.fault
        named = () if fault is None else (*fault.expected, *fault.also)
        return name in (*named, *self.case.true)


def judged(case: Case, line: dict[str, Any]) -> Judged:
    """A line of the log beside its case."""
    return Judged(case, line["status"], line["verdict"], line["findings"])


def share(items: Iterable[Any], hit: Callable[[Any], bool]) -> Share:
    hits = [hit(item) for item in items]
    return Share(sum(hits), len(hits))


def figures(results: list[Judged]) -> dict[str, Share]:
    """The figures of the page, by what they count."""
    faulty = [item for item in results if item.case.fault is not None]
    healthy = [item for item in results if item.case.fault is None]
    harmful = [item for item in faulty if not item.case.fault.mended]
    causes = [(item, name) for item in faulty for name in item.causes]
    return {
        "recall: a right name among errors and warnings": share(faulty, lambda item: item.raised),
        "recall, where questions count as well": share(
            faulty, lambda item: item.raised or not set(item.asked).isdisjoint(item.case.fault.expected)
        ),
        "named first: the first cause is a right name": share(harmful, lambda item: item.named_first),
        "precision: causes that are right, on faulty cases": share(causes, lambda pair: pair[0].is_true(pair[1])),
        "faulty called adequate": share(harmful, lambda item: item.verdict == "adequate"),
        "faulty with a verdict that is wrong": share(
            harmful, lambda item: item.case.fault is not None and item.verdict in item.case.fault.wrong
        ),
        "healthy with an error": share(
            healthy, lambda item: any(found["severity"] == "error" for found in item.alarms)
        ),
        "healthy with an error or warning": share(healthy, lambda item: item.alarms != []),
        "healthy with one that is not true of the table by nature": share(
            healthy, lambda item: any(not item.is_true(found["name"]) for found in item.alarms)
        ),
        "healthy asked a question": share(healthy, lambda item: item.asked != []),
        "healthy called inadequate": share(healthy, lambda item: item.verdict == "inadequate"),
        "refused": share(results, lambda item: item.status == "refused"),
        "crashed or over time": share(results, lambda item: item.status in ("crashed", "timeout")),
    }


def by_fault(results: list[Judged]) -> list[str]:
    """A row of the page for every kind of fault."""
    rows = ["| fault | expected | cases | raised | first | adequate | other causes |", "|---|---|---|---|---|---|---|"]
    for kind in sorted({item.case.kind for item in results if item.case.fault is not None}):
        items = [item for item in results if item.case.kind == kind]
        fault = items[0].case.fault
        assert fault is not None
        others = Counter(name for item in items for name in item.causes if not item.is_true(name))
        cells = [
            kind,
            " or ".join(fault.expected),
            len(items),
            sum(item.raised for item in items),
            sum(item.named_first for item in items),
            sum(item.verdict == "adequate" for item in items),
            counted(others),
        ]
        rows.append(f"| {' | '.join(map(str, cells))} |")
    return rows


def by_healthy(results: list[Judged]) -> list[str]:
    """A row of the page for every kind of healthy case."""
    rows = ["| healthy | cases | verdicts | errors and warnings |", "|---|---|---|---|"]
    for kind in sorted({item.case.kind for item in results if item.case.fault is None}):
        items = [item for item in results if item.case.kind == kind]
        verdicts = Counter(item.verdict or item.status for item in items)
        alarms = Counter(found["name"] for item in items for found in item.alarms)
        rows.append(f"| {kind} | {len(items)} | {counted(verdicts)} | {counted(alarms)} |")
    return rows


def counted(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common())


def page(results: list[Judged], *, commit: str, date: str) -> str:
    """The whole page, as Markdown."""
    faults, healthy = (sum((item.case.fault is None) is kind for item in results) for kind in (False, True))
    return "\n".join(
        [
            "# Diagnosis, the blind half",
            "",
            (
                f"{faults} planted faults and {healthy} healthy cases, run on {date} at commit {commit}. "
                "Intervals are 95 % Wilson intervals over cases."
            ),
            "",
            "| figure | share |",
            "|---|---|",
            *(f"| {name} | {value} |" for name, value in figures(results).items()),
            "",
            *by_fault(results),
            "",
            *by_healthy(results),
            "",
        ]
    )
