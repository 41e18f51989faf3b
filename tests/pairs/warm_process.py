"""Commands in children of one warm process: the libraries are loaded once, and no command sees what another left.

Run as a script, it answers requests on stdin, a line of JSON each: a number, which the answer repeats,
and the arguments of `WarmProcess.run`.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Self

TIMED_OUT = -1
# what a command loads beside all of ours; none of it starts threads, which would not live on in a child
LOADED = (
    *("torch._dynamo", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg", "sklearn.ensemble"),
    *("sklearn.linear_model", "sklearn.datasets", "kornia.augmentation", "tokenizers", "scipy.optimize", "scipy.stats"),
    *("jinja2", "PIL.PngImagePlugin", "PIL.ImageOps", "torch.utils.serialization.config"),
)
UNLOADED = ("litmus.__main__",)


@dataclass(frozen=True)
class Answer:
    """How a command ended: its exit status (-1: it ran past its time), and what it wrote to the two streams."""

    status: int
    out: str
    err: str


class WarmProcess:
    """A process that runs commands in forked children of its own."""

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.asked = 0
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()  # the end of its input ends it

    def run(self, words: Sequence[str], folder: Path, *, figures: bool = True, seconds: int = 120) -> Answer:
        """`litmus <words>` in that folder; without figures, which take half of a short run's time, where so asked."""
        self.asked += 1
        request = {"words": list(words), "folder": str(folder), "figures": figures, "seconds": seconds}
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([self.asked, request]) + "\n")
        self.process.stdin.flush()
        while True:  # a test that ran out of its own time left an answer unread
            number, answer = json.loads(self.process.stdout.readline())
            if number == self.asked:
                return Answer(**answer)


def _serve() -> None:
    import gc
    import importlib
    import pkgutil

    import litmus
    from litmus.cli import main

    os.environ.setdefault("OMP_NUM_THREADS", "1")
    gc.disable()
    ours = [module.name for module in pkgutil.walk_packages(litmus.__path__, "litmus.")]
    for name in (*LOADED, *ours):
        if name not in UNLOADED:
            importlib.import_module(name)
    with redirect_stdout(StringIO()):
        main(["train", "--cfg", "job"])  # Hydra's grammar and plugins are loaded at its first work
    gc.freeze()  # and none in the children, which live for a second
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        number, request = json.loads(line)
        answers.write(json.dumps([number, _answer(**request)]) + "\n")
        answers.flush()


def _answer(words: list[str], folder: str, seconds: int, *, figures: bool) -> dict[str, Any]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if not child:
            os.setsid()  # so that a command's own children end with it
            signal.alarm(seconds)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            os.chdir(folder)
            if not figures:
                sys.modules["litmus.report.figures"].draw = lambda scene: ()
            os._exit(_command(words))
        _, state = os.waitpid(child, 0)
        timed_out = os.WIFSIGNALED(state) and os.WTERMSIG(state) == signal.SIGALRM
        status = TIMED_OUT if timed_out else os.waitstatus_to_exitcode(state)
        return {"status": status, "out": _text(out), "err": _text(err)}


def _command(words: list[str]) -> int:
    from litmus.cli import main

    status = 1
    try:
        status = main(words)
    except SystemExit as leaving:
        status = int(leaving.code or 0)
    except BaseException:  # noqa: BLE001  # as the interpreter would
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    return status


def _text(file: Any) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


if __name__ == "__main__":
    _serve()
