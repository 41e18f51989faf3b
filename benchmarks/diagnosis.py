"""How often the diagnosis is right, on planted faults and healthy controls: `make bench-diagnosis`.

python benchmarks/diagnosis.py --half tune --quick
"""

import argparse
import fnmatch
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from cases import Case, all_cases
from diagnosing import page, verify
from diagnosing.repair import SEEDS, repair
from diagnosing.score import Judged, Rate, answers, confusions, diagnosis_rates, judged, repair_rates
from diagnosing.store import Store
from diagnosing.train import Seen, run_case

HERE = Path(__file__).resolve().parent
HALVES = ("tune", "held-out")
QUICK = 5  # every so many cases


def main(words: Sequence[str] | None = None) -> int:
    """Runs what is asked for and prints the figures."""
    asked = parse(words)
    store = Store(Path(asked.cache).resolve())
    cases = chosen(asked)
    if asked.verify:
        return verify_all(cases, asked.jobs)
    doubtful = unverified(cases)
    if doubtful:
        print(
            f"{len(doubtful)} cases are not verified by plain PyTorch: {', '.join(case.name for case in doubtful[:8])}"
        )
    began = time.perf_counter()
    runs = list(collect(cases, store, asked))
    repairs = [] if asked.without_repair else list(repaired(runs, asked))
    halves = {half: figures(half, runs, repairs) for half in HALVES if asked.half in {half, "both"}}
    for half, rates in halves.items():
        show(half, rates, runs, asked)
    print(f"\n{len(runs)} runs of {len({run.case.name for run in runs})} cases, {time.perf_counter() - began:.0f} s")
    if asked.write:
        page.write(halves, runs, asked)
    return 0


def parse(words: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=[*HALVES, "both"], default="both")
    parser.add_argument("--cases", default="*", help="names, with * for anything, commas between several")
    parser.add_argument("--seeds", type=int, default=3, help="seeds of a case")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--cache", default="outputs/bench-diagnosis", help="where evidence is kept")
    parser.add_argument("--quick", action="store_true", help=f"every {QUICK}th case, two seeds, one seed a repair")
    parser.add_argument("--rejudge", action="store_true", help="judge kept evidence anew, however old; trains nothing")
    parser.add_argument("--without-probes", action="store_true", help="as with verdict.probes=off")
    parser.add_argument("--without-trials", action="store_true", help="judge what stood before any trial")
    parser.add_argument("--without-repair", action="store_true", help="do not try the suggestions")
    parser.add_argument("--repair-seeds", type=int, default=len(SEEDS), help="seeds on which a suggestion is tried")
    parser.add_argument("--reveal", action="store_true", help="details of the held-out half; not while tuning")
    parser.add_argument(
        "--verify", action="store_true", help="show faults, fixes and controls by plain PyTorch, and stop"
    )
    parser.add_argument("--write", action="store_true", help="write the figures into README.md")
    asked = parser.parse_args(words)
    if asked.quick:
        asked.seeds, asked.repair_seeds = min(asked.seeds, 2), 1
    return asked


def chosen(asked: argparse.Namespace) -> list[Case]:
    """The cases that were asked for."""
    patterns = asked.cases.split(",")
    cases = [
        case
        for case in all_cases()
        if asked.half in {case.half, "both"} and any(fnmatch.fnmatch(case.name, pattern) for pattern in patterns)
    ]
    return cases[::QUICK] if asked.quick else cases


def unverified(cases: Sequence[Case]) -> list[Case]:
    """Faults whose verification is missing, fails, or was of something else."""
    kept = verify.load()
    return [case for case in cases if not case.healthy and not _stands(case, kept.get(case.name))]


def _stands(case: Case, found: dict[str, Any] | None) -> bool:
    return found is not None and found["holds"] and found["of"] == verify.fingerprint(case)


def verify_all(cases: Sequence[Case], jobs: int) -> int:
    """Brings verified.json up to date and says what does not hold."""
    kept = verify.load()
    due = [case.name for case in cases if kept.get(case.name, {}).get("of") != verify.fingerprint(case)]
    with pool(jobs) as workers:
        for name, found in finished(workers, verified, [(name,) for name in due]):
            kept[name] = found
            print(f"{'ok' if found['holds'] else 'DOES NOT HOLD'}  {name}  {found}", flush=True)
            verify.save(kept)
    return int(any(not kept[case.name]["holds"] for case in cases))


def verified(name: str) -> tuple[str, dict[str, Any]]:
    """One verification, in a process of its own."""
    case = named(name)
    try:
        return name, verify.check_control(case) if case.healthy else verify.verify(case)
    except Exception as error:  # noqa: BLE001 - what cannot be shown by hand is said, and the others go on
        return name, {"holds": False, "error": repr(error), "of": verify.fingerprint(case)}


def named(name: str) -> Case:
    """The case of a name."""
    return next(case for case in all_cases() if case.name == name)


def collect(cases: Sequence[Case], store: Store, asked: argparse.Namespace) -> Iterator[Judged]:
    """Every case at every seed, from kept evidence where there is some."""
    key = "off-{seed}" if asked.without_probes else "run-{seed}"
    todo = []
    for case in cases:
        for seed in range(asked.seeds):
            name = key.format(seed=seed)
            kept = store.read(case, name, None if asked.rejudge else version(store, asked))
            if kept is not None:
                yield said(case, seed, kept, asked)
            elif not asked.rejudge:
                todo.append((case.name, seed, name, asked))
    by_name = {case.name: case for case in cases}
    with pool(asked.jobs) as workers:
        for number, (name, seed, kept) in enumerate(finished(workers, observed, todo)):
            if asked.jobs and number % 20 == 0:
                print(f"{number} of {len(todo)} runs", file=sys.stderr, flush=True)
            yield said(by_name[name], seed, kept, asked)


def version(store: Store, asked: argparse.Namespace) -> str:
    """Of the code that a run's evidence rests on."""
    return store.fits if asked.without_probes else store.probes


def observed(name: str, seed: int, key: str, asked: argparse.Namespace) -> tuple[str, int, dict[str, Any]]:
    """One run, in a process of its own; what it showed is kept."""
    case, store = named(name), Store(Path(asked.cache).resolve())
    before = version(store, asked)
    try:
        kept = run_case(case, seed, probes=not asked.without_probes).to_dict()
    except Exception as error:  # noqa: BLE001 - a crash is a result as well, and is not kept
        return name, seed, {"evidence": None, "seconds": 0.0, "refused": f"crashed: {error!r}"}
    store.write(case, key, before, kept)
    return name, seed, kept


def said(case: Case, seed: int, kept: dict[str, Any], asked: argparse.Namespace) -> Judged:
    """Today's verdict on what was kept."""
    seen = Seen.from_dict(kept)
    evidence = seen.untried if asked.without_trials else seen.evidence
    shown = verified_figures().get(case.name)
    return judged(case, seed, evidence, seen.seconds, refused=seen.refused, verified=shown)


@cache
def verified_figures() -> dict[str, Any]:
    """What plain PyTorch showed of each fault."""
    return verify.load()


def repaired(runs: Sequence[Judged], asked: argparse.Namespace) -> Iterator[tuple[Case, dict[str, Any]]]:
    """What the first suggestion of each fault's first run does on other seeds, where the defaults have not cured it."""
    faulty = [run for run in runs if not run.case.healthy and not run.cured and run.seed == 0]
    first = {run.case.name: run for run in reversed(faulty)}
    todo = []
    for run in first.values():
        suggestion = run.verdict.try_first if run.verdict else None
        todo.append((run.case.name, suggestion.overrides if suggestion else (), asked))
    if asked.rejudge:
        return
    with pool(asked.jobs) as workers:
        for name, found in finished(workers, tried, todo):
            yield named(name), found


def tried(name: str, words: tuple[str, ...], asked: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    """One repair, in a process of its own."""
    seeds = SEEDS[: asked.repair_seeds]
    return name, repair(named(name), tuple(words), Store(Path(asked.cache).resolve()), seeds)


def pool(jobs: int) -> ProcessPoolExecutor:
    """Processes that share no state with this one, and the imports with each other."""
    context = get_context("forkserver")
    # the server that imports once for all does not take over sys.path before Python 3.12
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(HERE), os.environ.get("PYTHONPATH"))))
    context.set_forkserver_preload(["diagnosing.train"])
    return ProcessPoolExecutor(max(jobs, 1), mp_context=context)


def finished(workers: ProcessPoolExecutor, work: Any, todo: Sequence[tuple[Any, ...]]) -> Iterator[Any]:
    """What each piece of work gave, as it comes."""
    for future in as_completed([workers.submit(work, *one) for one in todo]):
        yield future.result()


def figures(half: str, runs: Sequence[Judged], repairs: Sequence[tuple[Case, dict[str, Any]]]) -> list[Rate]:
    """All rates of a half."""
    own = [run for run in runs if run.case.half == half]
    mended = [(case, found) for case, found in repairs if case.half == half]
    return [*diagnosis_rates(own), *repair_rates(mended)] if repairs else diagnosis_rates(own)


def show(half: str, rates: Sequence[Rate], runs: Sequence[Judged], asked: argparse.Namespace) -> None:
    """The rates of a half, and what went wrong where that may be looked at."""
    own = [run for run in runs if run.case.half == half]
    print(f"\n{half}: {len(own)} runs; verdicts {dict(answers(own))}")
    for one in rates:
        print(f"  {one}")
    if half == "tune" or asked.reveal:
        for line in confusions(own):
            print(f"    {line}")


if __name__ == "__main__":
    sys.exit(main())
