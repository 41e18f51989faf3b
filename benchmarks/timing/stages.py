"""Where a command's time goes: stamps around the steps of `litmus train`, each without the steps inside it.

python stages.py <overrides>: trains as `litmus train` does and prints each stage's processor and wall seconds as JSON.
"""

import builtins
import json
import sys
import time
from collections.abc import Callable
from typing import Any

STEPS = {
    "litmus.cli.launch": {"translate": "compose", "problems_of": "check", "make_directory": "run directory"},
    "litmus.commands.train": {
        "prepare_data": "data: read, split, encode",
        "check_rows": "data checks",
        "observe": "scores with intervals",
        "repeat": "scores with intervals",
        "with_decision": "threshold in hindsight",
        "with_references": "reference models",
        "judged": "judge",
        "record_figures": "metrics, evidence, predictions",
        "probe": "probes",
        "record_pages": "report.html, figures, TensorBoard",
    },
    "litmus.report.record": {"publish": "report.html, figures, TensorBoard", "make_surface": "decision surface"},
}
RUN = {"build": "build", "fit": "fit", "decide": "decide, best.ckpt"}


class Stages:
    """A stack of stages; time counts for the innermost."""

    def __init__(self) -> None:
        self.cpu: dict[str, float] = {"start of Python": time.process_time()}
        self.wall: dict[str, float] = {}
        self.open = ["rest"]
        self.seen = (time.process_time(), time.perf_counter())
        self.fitted = 0.0

    def _count(self) -> None:
        now = (time.process_time(), time.perf_counter())
        for table, before, after in zip((self.cpu, self.wall), self.seen, now, strict=True):
            table[self.open[-1]] = table.get(self.open[-1], 0.0) + after - before
        self.seen = now

    def enter(self, name: str) -> None:
        self._count()
        self.open.append(name)

    def leave(self) -> None:
        self._count()
        if self.open.pop() == "fit" and not self.fitted:
            self.fitted = self.seen[1]

    def told(self) -> dict[str, Any]:
        """Seconds of each stage, and wall seconds since the end of the first fit."""
        self._count()
        return {"cpu": self.cpu, "wall": self.wall, "after": self.seen[1] - self.fitted}

    def timed(self, function: Callable[..., Any], name: str) -> Callable[..., Any]:
        """The function, counted under a name."""

        def call(*args: Any, **keys: Any) -> Any:
            self.enter(name)
            try:
                return function(*args, **keys)
            finally:
                self.leave()

        return call

    def watch_imports(self) -> None:
        """Counts every import statement that loads something as `import <stage>`, the outermost alone."""
        load = builtins.__import__

        def load_timed(name: str, *args: Any, **keys: Any) -> Any:
            if name in sys.modules or self.open[-1].startswith("imports"):
                return load(name, *args, **keys)
            return self.timed(load, f"imports in: {self.open[-1]}")(name, *args, **keys)

        builtins.__import__ = load_timed


def main(words: list[str]) -> None:
    stages = Stages()
    stages.watch_imports()
    stages.enter("start")
    import litmus.cli.launch as launch  # noqa: PLR0402
    from litmus.cli import main as command
    from litmus.cli.loading import loading
    from litmus.config.composition import Composer

    with loading():  # as the command itself loads them
        from litmus.commands import train
        from litmus.report import record
        from litmus.run import Fitted, Run

    stages.leave()
    for place, module in (
        ("litmus.cli.launch", launch),
        ("litmus.commands.train", train),
        ("litmus.report.record", record),
    ):
        for name, stage in STEPS[place].items():
            if hasattr(module, name):
                setattr(module, name, stages.timed(getattr(module, name), stage))
    Composer.compose = stages.timed(Composer.compose, "compose")  # type: ignore[method-assign]
    for name, stage in RUN.items():
        owner = Fitted if name == "decide" else Run
        function = stages.timed(getattr(owner, name), stage)
        setattr(owner, name, staticmethod(function) if name == "build" else function)
    status = command(["train", *words])
    print("\nSTAGES " + json.dumps({"status": status, **stages.told()}))


if __name__ == "__main__":
    main(sys.argv[1:])
