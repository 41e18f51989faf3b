"""The blind half of the diagnosis benchmark: real tables, planted faults, healthy twins; `make bench-blind`.

Every case is trained by `litmus train` in an empty directory of its own, as a user would. The log has a line a case; a
run that was interrupted goes on where it stopped.
"""

import argparse
import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from blind.cases import Case, choose, listed
from blind.judge import judged, page

ROOT = Path(__file__).resolve().parents[1]
KEYS = ("name", "severity", "consequence_of", "accepted")


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="show the cases and train nothing")
    parser.add_argument("--only", default="*", help="kinds of fault, or cases, that match this pattern")
    parser.add_argument("--jobs", type=int, default=1, help="cases at a time")
    parser.add_argument("--limit", type=float, default=300, help="seconds that a case may take")
    parser.add_argument("--log", type=Path, default=ROOT / "outputs" / "bench-blind" / "log.jsonl")
    parser.add_argument("--page", type=Path, help="where the page is written; beside the log by default")
    parser.add_argument("--verify", action="store_true", help="choose and verify the cases anew, with scikit-learn")
    args = parser.parse_args(words)
    if args.verify:
        for line in choose():
            print(line, flush=True)
        return 0
    cases = [case for case in listed() if fnmatch(case.kind, args.only) or fnmatch(case.name, args.only)]
    if args.list:
        for case in cases:
            print(f"{case.name}: {' or '.join(case.fault.expected) if case.fault else 'healthy'}")
        return 0
    done = read(args.log)
    commit = commit_of_tree()
    if others := {line["commit"] for line in done.values()} - {commit}:
        print(f"error: {args.log} is of commit {', '.join(sorted(others))}, not {commit}; name another with --log")
        return 2
    for line in run([case for case in cases if case.name not in done], args.jobs, args.limit, commit):
        append(args.log, line)
        print(f"{line['case']}: {line['status']}, {line['seconds']:.0f} s", flush=True)
    write_page(args.log, args.page or args.log.with_suffix(".md"))
    return 0


def read(log: Path) -> dict[str, dict[str, Any]]:
    """The lines of a log by case."""
    lines = log.read_text().splitlines() if log.exists() else []
    return {line["case"]: line for line in map(json.loads, lines)}


def append(log: Path, line: dict[str, Any]) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as file:
        file.write(json.dumps(line) + "\n")


def commit_of_tree() -> str:
    def git(*words: str) -> str:
        program = shutil.which("git") or "git"
        return subprocess.run([program, "-C", str(ROOT), *words], capture_output=True, text=True, check=True).stdout

    return git("rev-parse", "--short", "HEAD").strip() + ("-dirty" if git("status", "--porcelain").strip() else "")


def run(cases: list[Case], jobs: int, limit: float, commit: str) -> Iterator[dict[str, Any]]:
    """A line of the log for each case, in order."""
    with ThreadPoolExecutor(jobs) as pool:
        for case, line in zip(cases, pool.map(lambda case: train(case, limit), cases), strict=True):
            now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
            known = {"case": case.name, "kind": case.kind, "table": case.table, "healthy": case.fault is None}
            yield known | {"before": case.before, "after": case.after} | line | {"commit": commit, "date": now}


def train(case: Case, limit: float) -> dict[str, Any]:
    """Trains a case in an empty directory: its status, and verdict and findings as verdict.json has them."""
    folder = Path(tempfile.mkdtemp(prefix="litmus-blind-"))
    try:
        files, words = case.plant()
        for name, content in files.items():
            (folder / name).write_bytes(content)
        start = time.perf_counter()
        code, said = start_and_wait([sys.executable, "-m", "litmus", "train", *words], folder, limit)
        seconds = round(time.perf_counter() - start, 1)
        verdict = next(folder.glob("outputs/*/*/verdict.json"), None)
        said_of_it = json.loads(verdict.read_text()) if verdict else {"verdict": None, "findings": []}
        status = "done" if verdict else {None: "timeout", 2: "refused"}.get(code, "crashed")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {
        "status": status,
        "exit": code,
        "seconds": seconds,
        "verdict": said_of_it["verdict"],
        "findings": [{key: found[key] for key in KEYS} for found in said_of_it["findings"]],
        "said": "" if status == "done" else said[-600:],
    }


def start_and_wait(words: list[str], folder: Path, limit: float) -> tuple[int | None, str]:
    """Exit status (None: it ran out of time) and what was said on standard error."""
    process = subprocess.Popen(
        words,
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        _, said = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # its own session: processes of its own end with it
        process.communicate()
        return None, ""
    return process.returncode, said


def write_page(log: Path, path: Path) -> None:
    """Judges all lines of the log."""
    lines, cases = read(log), {case.name: case for case in listed()}
    results = [judged(cases[name], line) for name, line in lines.items() if name in cases]
    if results:
        last = list(lines.values())[-1]
        path.write_text(page(results, commit=last["commit"], date=last["date"][:10]))
        print(path)


if __name__ == "__main__":
    raise SystemExit(main())
