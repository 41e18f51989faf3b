"""How fast Litmus is, against loops written by hand and other tools: `make bench`.

python benchmarks/speed.py                               everything: about ten minutes on two quiet cores
python benchmarks/speed.py --parts loops,peers --rounds 3
python benchmarks/speed.py --parts sweeps,launchers,searches --rounds 3        the section on sweeps
python benchmarks/speed.py --scale 0.02 --rounds 1       whether it works; such figures are not kept
"""

import argparse
import compileall
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "agg")

from timing import page, parts

SOURCE = Path(__file__).resolve().parents[1] / "src" / "litmus"
EVERY = [name for name in parts.MEASURED if name not in page.SWEEPS]
KEPT = 0.1  # smallest scale whose figures say something; the names of the rows state epochs and rows


def main(words: Sequence[str] | None = None) -> int:
    """Measures what is asked for, prints it, keeps it, and puts what is kept into benchmarks/README.md."""
    asked = parse(words)
    writes = asked.write and asked.scale >= KEPT
    order, kept, path = list(parts.MEASURED), Path(asked.kept), Path(__file__).with_name("README.md")
    measured = () if asked.only else asked.parts.split(",")
    if writes and (lost := page.lost(kept, path, measured, order=order)):
        shown = f"has no figures of {', '.join(lost)}, which {path.name} shows"
        print(f"error: {kept} {shown}: measure them too, or add --no-write", file=sys.stderr)
        return 2
    same = True
    compileall.compile_dir(str(SOURCE), quiet=1)  # as every installed package is, wherever writing bytecode is off
    with tempfile.TemporaryDirectory() as folder:
        for name in asked.parts.split(","):
            part = parts.MEASURED[name](parts.Asked(Path(folder), asked.rounds, asked.scale, asked.only))
            same = same and all(row.same for row in part.rows)
            if asked.scale >= KEPT and not asked.only:
                page.keep(name, part, kept)
    if writes:
        page.write(kept, path, order=order)
    return 0 if same else 1


def parse(words: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default=",".join(EVERY), help="which, with commas between (all but those on sweeps)")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (5)")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the epochs and rows, for a quick look")
    parser.add_argument("--only", default="", help="loops whose name contains this")
    parser.add_argument("--kept", default="outputs/bench-speed", help="where figures of each part are kept")
    parser.add_argument("--no-write", dest="write", action="store_false", help="leave benchmarks/README.md alone")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
