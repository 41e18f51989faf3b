"""Every error that a user can cause, and the exit status it ends in.

LitmusError
├── InputError          exit 2: what was asked for cannot be done as written
│   ├── ConfigError     a key, a value, a target, a command-line word
│   ├── DataError       a file, a row, a column, a label
│   └── CheckpointError a checkpoint or run directory that cannot be used
├── RunError            exit 1: a run started and failed
├── InterruptedRun      exit 130 or 143: SIGINT or SIGTERM, after saving
└── AdequacyError       exit 3: `fail_on` was set and the verdict met it
"""

from collections.abc import Sequence
from dataclasses import dataclass
from errno import EDQUOT, EFBIG, ENOSPC, EROFS
from typing import ClassVar, final

MAX_CHARACTERS = 300
MAX_PROBLEMS = 6


def quote(value: object, limit: int = 60) -> str:
    """The value as a person typed it, quoted and cut to `limit` characters, on one line."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 4]}...{text[0]}"


class LitmusError(Exception):
    """Base of the tree; its message is one line of at most 300 characters that names what, where and the remedy."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str) -> None:
        super().__init__(_one_line(message))

    def lines(self) -> list[str]:
        """What the terminal shows, without the leading `error: `; at most six lines."""
        return [str(self)]


class InputError(LitmusError):
    """Bad input or config; nothing was trained and nothing is left on disk."""

    exit_code: ClassVar[int] = 2


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a config.

    Args:
        key: Dotted config key, such as `optimizer.lr`.
        message: What is wrong with the value quoted, and the allowed range or choices.
        suggestion: The nearest right key or value, or an override that would work; empty if there is none.
    """

    key: str
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        question = f"; did you mean {self.suggestion}?" if self.suggestion else ""
        return _one_line(f"{self.key}: {self.message}{question}")


@final
class ConfigError(InputError):
    """One or more problems of the config, all found at once."""

    def __init__(self, problems: Sequence[Problem] | str) -> None:
        self.problems = () if isinstance(problems, str) else tuple(problems)
        super().__init__(problems if isinstance(problems, str) else "; ".join(map(str, self.problems)))

    def lines(self) -> list[str]:
        if not self.problems:
            return super().lines()
        shown = [str(problem) for problem in self.problems]
        if len(shown) <= MAX_PROBLEMS:
            return shown
        return [*shown[: MAX_PROBLEMS - 1], f"and {len(shown) - MAX_PROBLEMS + 1} more problems"]


@final
class DataError(InputError):
    """Data that cannot be read or trained on.

    Args:
        message: What is wrong, the value quoted, and the remedy.
        file: Path as the user gave it.
        row: Row counted from 0 without the header, as in predictions.csv.
        line: Line in the file counted from 1, as an editor shows it.
        column: Column name.
    """

    def __init__(
        self,
        message: str,
        *,
        file: object = None,
        row: int | None = None,
        line: int | None = None,
        column: str | None = None,
    ) -> None:
        where = [str(file)] if file is not None else []
        if row is not None:
            where.append(f"row {row}" + (f" (line {line})" if line is not None else ""))
        elif line is not None:
            where.append(f"line {line}")
        if column is not None:
            where.append(f"column {quote(column)}")
        super().__init__(f"{', '.join(where)}: {message}" if where else message)


@final
class CheckpointError(InputError):
    """A checkpoint or run directory that is missing, damaged, or not ours."""


@final
class RunError(LitmusError):
    """A run that started and failed; its log holds the traceback."""


@final
class InterruptedRun(LitmusError):  # noqa: N818  # a request, not a fault
    """A signal ended the run after its state was saved.

    Args:
        signal: SIGINT (2) or SIGTERM (15).
        remedy: How to go on.
    """

    def __init__(self, signal: int, remedy: str) -> None:
        super().__init__(f"interrupted; {remedy}")
        self.exit_code = 128 + signal  # type: ignore[misc]  # as shells count


@final
class AdequacyError(LitmusError):
    """`fail_on=inadequate|limited|undetermined` was set and the verdict met it."""

    exit_code: ClassVar[int] = 3


def described(error: BaseException) -> str:
    """What to say of an error that is none of ours: of a file that failed, with the file and the remedy."""
    if isinstance(error, OSError) and error.strerror:
        where = f" ({error.filename})" if error.filename else ""
        advice = remedy(error)
        return f"{error.strerror}{where}{'; ' if advice else ''}{advice}"
    return f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"


def printable(text: str) -> str:
    r"""The text with everything escaped that a terminal would obey instead of showing: control characters, bidi marks.

    Example:
        >>> printable("a\x1b[31mb\u202e")
        'a\\x1b[31mb\\u202e'
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return ascii(character)[1:-1]


def remedy(error: OSError, otherwise: str = "") -> str:
    """What to do about a file that cannot be written, where the system's reason tells."""
    known = {
        ENOSPC: "free some room",
        EDQUOT: "free some room",
        EFBIG: "raise the limit on the size of files (ulimit -f)",
        EROFS: "choose another output_dir",
    }
    return known.get(error.errno or 0, otherwise)


def _one_line(message: str) -> str:
    line = printable(" ".join(message.split()))
    return line if len(line) <= MAX_CHARACTERS else f"{line[: MAX_CHARACTERS - 3]}..."
