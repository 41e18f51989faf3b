"""How close the defaults come to established models on real tables: `make bench-tables`.

python benchmarks/tables.py                             both halves, three seeds: about an hour on two quiet cores
python benchmarks/tables.py --half tune --seeds 1       while a default is chosen; `held` is for the page alone
python benchmarks/tables.py --half tune --only Star --words model.hidden=[128,128]
python benchmarks/tables.py --write                     writes the section of benchmarks/README.md

Errors of established models are kept in `<kept>/rivals.jsonl` and computed once; what Litmus does is kept a line a run.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from real_tables import page, rivals
from real_tables.selection import Chosen, chosen, split_of

LIMIT = 120.0  # seconds of a run, after which it counts as refused
SPLIT = "the_split"
README = Path(__file__).with_name("README.md")


def ours(table: Chosen, split: Any, seed: int, words: Sequence[str]) -> dict[str, Any]:
    """Error on test (None: no model), wall and processor seconds, and the verdict, or why there is none."""
    with tempfile.TemporaryDirectory() as folder:
        table.rows.assign(**{SPLIT: split}).to_csv(f"{folder}/table.csv", index=False)
        asked = [
            "data.path=table.csv",
            f"data.target={table.target}",
            "data.split=column",
            f"data.split_column={SPLIT}",
        ]
        asked += [f"seed={seed}", "verdict.probes=off", "verdict.references=off", *words]
        start, before = time.perf_counter(), processor()
        failed = {"error": None, "otherwise": False}
        try:
            done = subprocess.run(
                [sys.executable, "-m", "litmus", "train", *asked],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=LIMIT,
            )
        except subprocess.TimeoutExpired:
            return failed | {"seconds": LIMIT, "work": processor() - before, "verdict": "over time"}
        spent = {"seconds": time.perf_counter() - start, "work": processor() - before}
        found = list(Path(folder).glob("outputs/*/*/verdict.json"))
        if done.returncode or not found:
            last = (done.stderr.strip() or str(done.returncode)).splitlines()[-1]
            return failed | spent | {"verdict": last}
        read = scored(table, found[0].parent)
        return read | spent | {"verdict": json.loads(found[0].read_text())["verdict"]}


def processor() -> float:
    """Processor seconds of all processes that were waited for: a busy machine gives the same."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def scored(table: Chosen, run: Path) -> dict[str, Any]:
    """A run's error on test; codes that it took for amounts are rounded, as nobody said that they are classes."""
    frame = pd.read_csv(run / "predictions.csv", dtype={"target": str, "pred": str}, keep_default_na=False)
    frame = frame[frame["split"] == "test"]
    history = pd.read_csv(run / "history.csv")
    classes_read = any(name.startswith("prob_") for name in frame)
    target, pred = frame["target"], frame["pred"]
    if table.classes and not classes_read:
        target, pred = (pd.to_numeric(values).round().astype(int) for values in (target, pred))
    error = rivals.error_of(target, pred, classes=table.classes)
    return {"error": error, "otherwise": classes_read != table.classes, "epochs": len(history)}


def rivals_of(table: Chosen, split: Any, seed: int, kept: Path) -> dict[str, Any]:
    """The established models' errors and seconds, from the file where it has them."""
    file = kept / "rivals.jsonl"
    for line in file.read_text().splitlines() if file.is_file() else []:
        row = json.loads(line)
        if (row["table"], row["target"], row["seed"]) == (table.name, table.target, seed):
            return dict(row)
    row = {"table": table.name, "target": table.target, "seed": seed, **rivals.scores(table, split, seed)}
    append(file, row)
    return row


def one(table: Chosen, seed: int, kept: Path, words: Sequence[str]) -> dict[str, Any]:
    """All that is kept of a table and seed."""
    split = split_of(len(table.rows), seed)
    theirs = rivals_of(table, split, seed, kept)
    known = {"table": table.name, "target": table.target, "classes": table.classes, "half": table.half, "seed": seed}
    known |= {"rows": len(table.rows), "columns": table.rows.shape[1]}
    known |= {"errors": theirs["errors"], "rival_seconds": theirs["seconds"]}
    return known | ours(table, split, seed, words)


def append(file: Path, row: dict[str, Any]) -> None:
    """One more JSON line."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as lines:
        lines.write(json.dumps(row) + "\n")


def commit() -> str:
    """The tree that runs, with a word if it is not what was committed."""
    where = ["git", "-C", str(README.parent)]
    text = subprocess.run([*where, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True).stdout
    dirty = subprocess.run([*where, "diff", "--quiet", "HEAD", "--", "../src", "../conf"], check=False).returncode
    return text.strip() + (" with changes" if dirty else "")


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("tune", "held", "both"), default="both")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="*", help="names of tables")
    parser.add_argument("--kept", type=Path, default=Path("outputs/bench-tables"), help="where results are kept")
    parser.add_argument("--write", action="store_true", help="write the section of benchmarks/README.md")
    parser.add_argument("--readme", type=Path, default=README, help="the page that --write changes")
    parser.add_argument("--words", nargs="*", default=[], help="overrides of litmus train; none for the page")
    args = parser.parse_args(words)
    warnings.simplefilter("ignore")
    rows = []
    for table in chosen(args.half):
        for seed in range(args.seeds) if not args.only or table.name in args.only else ():
            rows.append(one(table, seed, args.kept, args.words))
            append(args.kept / "runs.jsonl", rows[-1] | {"commit": commit(), "words": args.words})
            shown = {key: rows[-1][key] for key in ("table", "target", "seed", "error", "seconds", "work", "verdict")}
            print(f"{page.ratio_of(rows[-1]):.3f}", json.dumps(shown), flush=True)
    if args.write and not args.words:
        page.write(args.readme, rows, commit())
    print(page.summary(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
