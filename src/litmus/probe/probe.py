"""Which changes are tried, in which order, and what comes of it."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import final

from litmus.config import RunConfig
from litmus.config.signatures import signature
from litmus.data.module import DataModule
from litmus.evidence import Attempt, Evidence, Reference, Trial
from litmus.probe.allowance import Allowance
from litmus.probe.bench import Bench, Variant
from litmus.probe.candidates import combinations, singles
from litmus.probe.comparison import Compared, Shot, compare, of_means, paired
from litmus.probe.rounds import Job, Round, cheaper, work
from litmus.verdict import Verdict, quantities
from litmus.verdict.candidate import Candidate, Changes
from litmus.verdict.findings import about_data, names
from litmus.verdict.rates import usual
from litmus.verdict.settings import Settings

FIRST_SEED = 1001  # far from the seeds that users type
FRESH_SEED = 1011
SECOND_DEAL = 1021  # seed of the second split
PAIRS = 4
PLANS = ((8, 2), (6, 2), (8, 1), (5, 2), (6, 1), (5, 1), (4, 1), (3, 1))
"""Seeds, and changes tried on them; where there are two splits, only those that share out evenly."""
CAUTION = 1.25  # times as long as foreseen that confirming may take: what does not come to its end was in vain
OVERTIME = 0.1  # share of all seconds that confirming may go over, lest it was in vain
LARGE = 0.1  # a gain at first look for whose confirmation as much time again may be taken, where nobody set a budget
AUTO_SECONDS = 3.0
MOST_SECONDS = 30.0
ROOMY = 6.0  # with a budget of so many fits there is time for a second look at everything
GAIN = 0.01  # of the primary metric, below which a candidate is not worth confirming
ALIKE = 0.1  # share of the best gain within which another change is as good
CLOSE = 0.5  # share of the best gain, below which a runner-up is not worth confirming
NEAR = 0.03  # so close to the best reference, nothing more is looked for
LEAST_SHARE = 0.25  # of the time that is left, for a look at what might help


def budget(settings: Settings, fit_seconds: float) -> float:
    """Seconds of work that probes may take: as set, or the fit's own time and a few seconds, at most 30."""
    if settings.probes == "off":
        return 0.0
    if settings.budget != "auto":
        return float(settings.budget)
    return min(fit_seconds + AUTO_SECONDS, MOST_SECONDS)


def can_change(verdict: Verdict) -> bool:
    """Whether a trial could change the answer.

    It can where a criterion is not met or a finding alarms that a setting may cause, and where an adequate model is
    clearly behind a reference; not where nothing will help, or where only the rows are to blame.
    """
    alarms = {finding.name for finding in verdict.findings if finding.alarms}
    if "no_better_than_baseline" in alarms:
        return False
    behind = verdict.headroom is not None and verdict.headroom.value >= quantities.NON_INFERIOR
    missed = (
        any(criterion.votes and criterion.status != "pass" for criterion in verdict.criteria)
        and verdict.verdict != "adequate"
    )
    return behind or missed or not all(map(about_data, alarms))


def probe(
    config: RunConfig,
    data: DataModule,
    evidence: Evidence,
    verdict: Verdict,
    *,
    fit_seconds: float,
    seconds: float,
    strict: bool = False,
) -> Evidence:
    """The evidence with trials of what might help.

    Candidates are screened beside the unchanged run on a seed or two; the best are paired with it on fresh seeds
    and on a second split.

    Args:
        config: Of the run whose changes are tried.
        data: Its rows.
        evidence: What it showed.
        verdict: Judged from that.
        fit_seconds: What the run's own fit took.
        seconds: Of work that all trials together may take (see `Allowance`).
        strict: Whether somebody set these seconds; otherwise a large gain may take as long again to be confirmed.
    """
    if not can_change(verdict) or seconds <= 0:
        return evidence
    began = time.monotonic()
    metric = "mae_skill" if quantities.scored_by_mae(evidence) else evidence.task.primary
    bench = Bench(_of_one_network(config), data, metric, Allowance(seconds), fit_seconds)
    spare = 0.0 if strict else max(0.0, min(seconds, MOST_SECONDS - seconds))
    search = Search(bench, evidence, verdict, seconds, spare)
    trials = tuple(search.trials())
    return replace(
        evidence,
        trials=(*evidence.trials, *trials),
        attempts=search.attempts(),
        probed=True,
        probe_seconds=round(time.monotonic() - began, 2),
    )


def _of_one_network(config: RunConfig) -> RunConfig:
    """The config without an ensemble: what helps one network is seen sooner, and many of them are trained at once."""
    model = config.model
    takes_any = model.is_ours and "ensemble_size" in signature(model.target(), model.target_name).parameters
    return config.having(model={**model.node, "ensemble_size": 1}) if takes_any else config


@final
@dataclass
class Search:
    """The search for a change that helps.

    Args:
        bench: Where changes are tried.
        evidence: What the run showed.
        verdict: Judged from that.
        seconds: Of work that it may take in all.
        spare: Further seconds that confirming a large gain may take.
    """

    bench: Bench
    evidence: Evidence
    verdict: Verdict
    seconds: float
    spare: float = 0.0
    screened: list[tuple[Candidate, float]] = field(default_factory=list)
    control: tuple[float, ...] = ()
    whole: bool = True
    considered: list[Candidate] = field(default_factory=list)
    complete: set[Changes] = field(default_factory=set)
    seeds: int = 1
    paces: dict[object, tuple[float, int]] = field(default_factory=dict)
    lengths: dict[Changes, float] = field(default_factory=dict)

    @property
    def root(self) -> str | None:
        """The finding that alarms first and has a remedy that can be tried."""
        return next((finding.name for finding in self.verdict.findings if finding.alarms and finding.overrides), None)

    def trials(self) -> Iterator[Trial]:
        """What the verdict can rest on, the most telling last."""
        candidates = [
            single for single in singles(self.evidence, self.verdict) if self.bench.variant(single.changes) is not None
        ]
        if self.bench.variant(()) is None or not candidates:
            return
        self.considered = candidates
        roomy = self.seconds >= ROOMY * self.bench.alone_seconds
        seeds = (FIRST_SEED, FIRST_SEED + 1) if roomy else (FIRST_SEED,)
        if not roomy:
            candidates = [candidate for candidate in candidates if candidate.probe != "larger"]
        self.seeds = len(seeds)
        self._screen(self._affordable(candidates, seeds), seeds)
        if self.whole and self._wants_more():
            ranked = self._ranked()
            more = combinations(self.evidence, ranked, self.root, least=GAIN)
            self._screen([candidate for candidate in more if self.bench.variant(candidate.changes) is not None], seeds)
        yield from self._refuted(seeds)
        yield from self._confirm(self._picked())

    def attempts(self) -> tuple[Attempt, ...]:
        """Every change that was considered, with what it gained where there was time to look at it."""
        gains = {candidate.changes: gain for candidate, gain in self.screened}
        every = {
            candidate.changes: candidate
            for candidate in (*self.considered, *(candidate for candidate, _ in self.screened))
        }
        return tuple(
            Attempt(
                overrides=changes,
                finding=candidate.finding,
                gain=None if changes not in gains else round(gains[changes], 6),
                complete=changes in self.complete,
                seeds=self.seeds if changes in gains else 0,
            )
            for changes, candidate in every.items()
        )

    def _affordable(self, candidates: list[Candidate], seeds: Sequence[int]) -> list[Candidate]:
        """As many candidates as there is time for, where they cannot be stacked."""
        control = self.bench.variant(())
        if control is None or control.builder is not None:
            return candidates
        trainings = int(self.bench.allowance.left / max(self.bench.alone_seconds, 1e-3))
        if trainings < 2 * PAIRS:
            return []
        room = (trainings - 2 * PAIRS) // len(seeds) - 1
        return candidates[: max(room, 1)]

    def _screen(self, candidates: Sequence[Candidate], seeds: Sequence[int]) -> None:
        """Tries candidates beside the unchanged run, side by side, for as many epochs as there is time for."""
        if not candidates or self.bench.allowance.left <= 0:
            return
        arms = [(), *[candidate.changes for candidate in candidates]]
        rounds = Round(self.bench, [(changes, seed) for changes in arms for seed in seeds])
        room, usual_end = self._share(rounds), float(self.bench.config.trainer.max_epochs or math.inf)
        epochs = rounds.within(room)
        if usual_end <= epochs < math.inf:
            epochs = usual_end
        shots = rounds.run(epochs, alone=epochs >= usual_end)
        self._remember(rounds, shots)
        self.whole = self.whole and epochs >= usual_end
        control = _arm(shots, (), seeds)
        if control is None:
            return
        self.control = tuple(shot.value for shot in control)
        for candidate in candidates:
            arm = _arm(shots, candidate.changes, seeds)
            if arm is not None and (epochs < usual_end or all(shot.finished for shot in arm)):
                gain = sum(b.value - a.value for a, b in zip(control, arm, strict=True)) / len(seeds)
                self.screened.append((candidate, gain))
                self.complete |= {candidate.changes} if all(shot.finished for shot in arm) else set()

    def _share(self, rounds: Round) -> float:
        """Seconds for a look at candidates: all of their cost, where enough is left to confirm the best."""
        left, cost = self.bench.allowance.left, rounds.cost()
        members = sum(group.size for group in rounds.groups) + len(rounds.lone)
        confirming = cost * min(1.0, cheaper(2 * PAIRS, members))
        return cost if cost + confirming <= left else max(LEAST_SHARE * left, left - 1.1 * confirming)

    def _remember(self, rounds: Round, shots: Mapping[Job, Shot]) -> None:
        """What the stacks cost, and how long arms took to end, for the plan of what follows."""
        for group in rounds.groups:
            self.paces[group.arms[0].shape] = (group.pace, group.size)
        for (changes, _), shot in shots.items():
            if shot.finished:
                self.lengths[changes] = max(self.lengths.get(changes, 0.0), float(shot.epochs))

    def _ranked(self) -> list[tuple[Candidate, float]]:
        return sorted(self.screened, key=lambda entry: -entry[1])

    def _wants_more(self) -> bool:
        """Whether there is something to build on, still something to gain, and time for another look."""
        gains = [gain for _, gain in self.screened]
        if not gains or max(gains) < GAIN or not self.control:
            return False
        reached = sum(self.control) / len(self.control) + max(gains)
        levels = [
            level for model in quantities.reference_models(self.evidence) if (level := self._val(model)) is not None
        ]
        return reached < max(levels, default=1.0) - NEAR and self.bench.allowance.left > 0.5 * self.seconds

    def _val(self, model: Reference) -> float | None:
        value: float | None = model.scores.get("val", {}).get(self.evidence.task.primary)
        return value

    def _picked(self) -> list[Candidate]:
        """The changes to confirm: of those about as good as the best the likeliest cause, and a runner-up."""
        good = [(candidate, gain) for candidate, gain in self._ranked() if gain >= GAIN]
        if not good:
            return []
        best = good[0][1]
        alike = [candidate for candidate, gain in good if gain >= best - max(GAIN, ALIKE * best)]
        order = [candidate for candidate, _ in self.screened]
        first = min(alike, key=lambda candidate: (*self._doubt(candidate), order.index(candidate)))
        close = [candidate for candidate, gain in good if candidate is not first and gain >= CLOSE * best]
        others = [candidate for candidate in close if candidate.finding != first.finding]
        return [first, *(others or close)[:1]]

    def _doubt(self, candidate: Candidate) -> tuple[bool, bool, int]:
        """How far-fetched a candidate is as the cause."""
        rate = candidate.probe == "lr_ladder"
        return candidate.finding != self.root, rate and usual(self.evidence), len(candidate.changes)

    def _refuted(self, seeds: Sequence[int]) -> Iterator[Trial]:
        """Records of findings whose every remedy was tried to the end and gained nothing."""
        if not self.whole or not self.control:
            return
        refutable = names(lambda diagnosis: diagnosis.refutable)
        best: dict[str, tuple[Candidate, float]] = {}
        for one, gain in self.screened:
            name = one.finding or ""
            if name in refutable and gain > best.get(name, (one, -math.inf))[1]:
                best[name] = (one, gain)
        before = self.control
        for one, gain in best.values():
            if gain < GAIN:
                after = tuple(value + gain for value in before)
                yield self._trial(one, seeds, before=before, after=after)

    def _confirm(self, picked: Sequence[Candidate]) -> Iterator[Trial]:
        """The picked changes beside the unchanged run, on fresh seeds and where there can be one on a second split.

        What the first one explains is left out, and what gained nothing on the run's own split is tried on no other.
        """
        if not picked:
            return
        second = self.bench.redealt(SECOND_DEAL)
        benches = [self.bench] if second is None else [self.bench, second]
        seeds, picked = self._plan(picked, len(benches))
        if not picked:
            return
        began = time.monotonic()
        self.bench.allowance.extend(OVERTIME * self.seconds)
        compared: dict[Changes, list[Compared]] = {candidate.changes: [] for candidate in picked}
        for place, bench in enumerate(benches):
            own, wanted = seeds[place :: len(benches)], [key for key, splits in compared.items() if _gained(splits)]
            shots = Round(bench, [(changes, seed) for changes in [(), *wanted] for seed in own]).run() if wanted else {}
            control = _finished(_arm(shots, (), own))
            for changes in wanted:
                arm = _finished(_arm(shots, changes, own))
                if control is None or arm is None:
                    del compared[changes]  # what does not come to its end says nothing
                else:
                    compared[changes].append(self._compared(bench, changes, control, arm))
        found = [
            self._confirmed(candidate, seeds, compared[candidate.changes], of=len(benches), picked=len(picked))
            for candidate in picked
            if candidate.changes in compared
        ]
        spent = (time.monotonic() - began) / max(len(found), 1)
        kept = found[:1] + [trial for trial in found[1:] if not _explained(trial, found[0])]
        yield from (replace(trial, seconds=round(spent, 2)) for trial in reversed(kept))

    def _plan(self, picked: Sequence[Candidate], splits: int) -> tuple[tuple[int, ...], list[Candidate]]:
        """On how many seeds, as many on each split, how many changes can be compared in the time that is left."""
        chosen = list(picked[:1])
        gains = {candidate.changes: gain for candidate, gain in self.screened}
        plans = [(pairs, count) for pairs, count in PLANS if pairs % splits == 0]
        if chosen and gains[chosen[0].changes] >= LARGE:
            missing = CAUTION * self._cost(chosen, plans[-1][0]) - self.bench.allowance.left
            if 0 < missing <= self.spare:
                self.bench.allowance.extend(missing)
        for pairs, count in plans:
            chosen = list(picked[:count])
            if len(chosen) == count and CAUTION * self._cost(chosen, pairs) <= self.bench.allowance.left:
                return tuple(range(FRESH_SEED, FRESH_SEED + pairs)), chosen
        return (), []

    def _cost(self, picked: Sequence[Candidate], pairs: int) -> float:
        """Seconds that confirming is likely to take, from what the arms took so far."""
        seconds, alone = 0.0, self.bench.alone_seconds * pairs
        groups: dict[object, list[float]] = {}
        for changes in ((), *[candidate.changes for candidate in picked]):
            variant = self.bench.variant(changes)
            if variant is None or variant.builder is None:
                seconds += alone
                continue
            shape = variant.builder.arm(0).shape
            groups.setdefault(shape, []).extend([self._length(changes, variant)] * pairs)
        for key, lengths in groups.items():
            pace, size = self.paces.get(key) or next(iter(self.paces.values()), (0.0, 1))
            seconds += pace * work(lengths, size)
        return seconds

    def _length(self, changes: Changes, variant: Variant) -> float:
        """Epochs that an arm is likely to take: as many as before, if it came to an end then, or all of them."""
        return self.lengths.get(changes, float(variant.config.trainer.max_epochs or math.inf))

    def _compared(self, bench: Bench, changes: Changes, control: Sequence[Shot], arm: Sequence[Shot]) -> Compared:
        """What a change gives on one split: the mean of its networks, where the run is an ensemble.

        A change that merely makes one network vary less gains what an ensemble has already.
        """
        single = paired(control, arm)
        if self.evidence.model.ensemble_size == 1:
            return single
        before, after = bench.together((), control), bench.together(changes, arm)
        return single if before is None or after is None else of_means(before, after, single)

    def _confirmed(
        self, candidate: Candidate, seeds: Sequence[int], splits: Sequence[Compared], *, of: int, picked: int
    ) -> Trial:
        """The trial of a change on as many of the splits as it was compared on, the run's own first."""
        found = compare(splits, self.bench.metric, screened=len(self.screened), confirmed=picked)
        tried = tuple(seed for place in range(len(splits)) for seed in seeds[place::of])
        before = tuple(shot.value for split in splits for shot in split.before)
        after = tuple(shot.value for split in splits for shot in split.after)
        trial = self._trial(candidate, tried, before=before, after=after)
        if len(before) < len(tried):
            trial = replace(trial, detail={**trial.detail, "networks": len(splits[0].gains)})
        held = len(splits) == of and _gained(splits) and (found.low or 0.0) > 0
        return replace(trial, splits=len(splits), difference=found, confirmed=held)

    def _trial(
        self, candidate: Candidate, seeds: Sequence[int], *, before: tuple[float, ...], after: tuple[float, ...]
    ) -> Trial:
        return Trial(
            probe=candidate.probe,
            overrides=candidate.changes,
            metric=f"val/{self.bench.metric}",
            seeds=tuple(seeds),
            before=before,
            after=after,
            finding=candidate.finding,
            detail={"screened": len(self.screened)},
        )


def _gained(splits: Sequence[Compared]) -> bool:
    """Whether a change gained on every split on which it was compared."""
    return all(split.gain > 0 for split in splits)


def _arm(shots: Mapping[Job, Shot], changes: tuple[str, ...], seeds: Sequence[int]) -> list[Shot] | None:
    """What an arm gave on each seed; None where one is missing."""
    found = [shots.get((changes, seed)) for seed in seeds]
    known = [shot for shot in found if shot is not None]
    return known if len(known) == len(seeds) else None


def _finished(arm: list[Shot] | None) -> list[Shot] | None:
    """An arm whose trainings all came to their own ends; else None."""
    return arm if arm and all(shot.finished for shot in arm) else None


def _explained(other: Trial, first: Trial) -> bool:
    """Whether the first change, which held, does about as well, so that the other's cause need not be named too."""
    if not first.confirmed or not quantities.moves(first):
        return False
    ours, theirs = ((trial.difference and trial.difference.value) or 0.0 for trial in (first, other))
    return theirs <= ours + max(quantities.MARGIN, ALIKE * ours)
