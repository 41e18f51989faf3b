"""What a run says on the terminal: what is trained on what, and in the end the verdict and what to try.

Colour and width fit the terminal; piped, the same words come plain. Text from data is never read as markup.
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, final

from litmus.evidence import Evidence
from litmus.report.phrases import as_ascii, clean, figures, metric, number, offered, paste_all, tried
from litmus.report.tables import Table, criteria, fitting, repeats
from litmus.verdict import Finding, Verdict
from litmus.verdict.answers import WORDS
from litmus.verdict.wording import shown_by

if TYPE_CHECKING:
    from rich.text import Text

TONE_STYLES = {"good": "bold green", "open": "bold yellow", "limit": "bold magenta", "bad": "bold red"}
SEVERITY_STYLES = {"error": "bold red", "warning": "bold yellow", "question": "bold yellow", "info": "dim"}
MARK_STYLES = {"pass": "green", "fail": "red", "open": "yellow", "shown": "dim"}
MIN_WIDTH = 60
PIPED_WIDTH = 120
SHORTEST = 12  # cells that a first column keeps
MAX_INFO = 5
MARKED = 3  # the column that a row's mark colours: the threshold


@final
class Terminal:
    """Prints to a stream.

    Args:
        stream: Where to; None: standard output.
        width: Columns; None: the terminal's, at least 60, or 120 where there is none.
        plain: Whether to write no colours whatever the environment asks for, as a notebook's kernel does.
    """

    def __init__(self, stream: IO[str] | None = None, *, width: int | None = None, plain: bool = False) -> None:
        from rich.console import Console  # .1 s that help does not need

        self.stream = _Spelling(stream or sys.stdout)
        console = Console(
            file=self.stream,  # type: ignore[arg-type]
            highlight=False,
            markup=False,
            emoji=False,
            soft_wrap=True,
            color_system=None if plain else "auto",
            force_jupyter=False,  # in a notebook it would display what it is to write to the stream
        )
        self.live = console.is_terminal and not console.is_dumb_terminal
        self.width = width or (max(MIN_WIDTH, console.width) if console.is_terminal else PIPED_WIDTH)
        self._console = console
        self._passing = False

    def __reduce__(self) -> "tuple[type[Terminal], tuple[()]]":
        """In another process, which a stream cannot get to, it is the standard output there."""
        return Terminal, ()

    def _spell(self, text: str) -> str:
        return text if self.stream.can_write(text) else as_ascii(text)

    def line(self, text: str = "", style: str = "") -> None:
        """One line of text that may come from data."""
        from rich.text import Text

        self._print(Text(clean_line(text), style=style))

    def passing(self, text: str) -> None:
        """A line that the next one replaces; where nothing can be replaced, a line like any other."""
        if not self.live:
            self.line(text)
        else:
            self.stream.write(f"\r{clean_line(text)[: self.width - 1]}\x1b[K")
            self._passing = True
        self.stream.flush()

    def wipe(self) -> None:
        """Takes a passing line away."""
        if self._passing:
            self.stream.write("\r\x1b[K")
            self.stream.flush()
            self._passing = False

    def _print(self, text: "Text") -> None:
        self.wipe()
        self._console.print(text, soft_wrap=True)

    def opening(self, lines: Iterable[str]) -> None:
        """What is trained on what, a line each."""
        for text in lines:
            self.line(text)

    def verdict(self, verdict: Verdict, evidence: Evidence, *, table: bool = True) -> None:
        """The final block: summary, criteria (unless their table stands above), findings, and what to try."""
        self.line()
        for i, text in enumerate(verdict.summary.splitlines()[:3]):
            self.line(text, TONE_STYLES[WORDS[verdict.verdict].tone] if i == 0 else "bold")
        if verdict.criteria and table:
            self.line()
            self.table(criteria(verdict, evidence))
        if table:
            self._repeats(verdict, evidence)
        self._remarks(verdict, evidence)
        self._findings(verdict)

    def files(self, directory: Path) -> None:
        """Where everything is, and what to do with it."""
        shown = paste_all([str(_short(directory))])
        self.line()
        if (directory / "report.html").is_file():
            self.line(f"report:  {_short(directory / 'report.html')}")
        self.line(f"run:     {_short(directory)}")
        self.line(f"curves:  litmus board {shown}")

    def table(self, table: Table) -> None:
        """A table in those of its columns that fit; the first is left-aligned, the others right-aligned.

        The columns left out are named below it. A first column that is too wide is cut in the middle.
        """
        from rich.text import Text

        rows = [[self._spell(cell) for cell in row] for row in table.rows]
        widths = _widths(table.header, rows)
        room = self.width - sum(width + 2 for width in widths[1 : table.essential])
        most = max(SHORTEST, min(self.width // 3, room))
        rows = [[self._spell(_cut(row[0], most)), *row[1:]] for row in rows]
        widths = _widths(table.header, rows)
        kept = fitting(widths, self.width, table.essential)
        widths = [widths[i] for i in kept]
        for heads in _wrapped([table.header[i] for i in kept], widths):
            self.line(_joined(heads, widths), "bold")
        for i, cells in enumerate(rows):
            line = Text(_joined([cells[j] for j in kept], widths))
            mark = table.marks[i] if table.marks else ""
            if mark and MARKED in kept:
                place = kept.index(MARKED)
                end = sum(widths[: place + 1]) + 2 * place
                line.stylize(MARK_STYLES.get(mark, ""), end - widths[place], end)
            self._print(line)
        left_out = [title for i, title in enumerate(table.header) if i not in kept]
        if left_out:
            self.line(f"columns left out for want of width: {', '.join(left_out)}", "dim")

    def _repeats(self, verdict: Verdict, evidence: Evidence) -> None:
        """The spread over seeds and folds of what is asked for; the page has it of every metric."""
        for heading, spread in repeats(
            evidence, {evidence.task.primary, *(criterion.name for criterion in verdict.criteria)}
        ):
            self.line()
            self.line(f"{heading}:")
            self.table(spread)

    def _remarks(self, verdict: Verdict, evidence: Evidence) -> None:
        lines = []
        if evidence.test_reads > 1 and verdict.split == "test":
            lines.append(f"this test split has been read {evidence.test_reads} times; its interval is optimistic")
        head = verdict.headroom
        if head is not None:
            bounds = f" [{number(head.low)}, {number(head.high)}]" if head.low is not None else ""
            change = f": {paste_all(head.overrides)}" if head.overrides else ""
            lines.append(f"headroom: {number(head.value)}{bounds} {metric(head.metric)}, by {shown_by(head)}{change}")
        if verdict.unknown:
            names = ", ".join(f"{clean(u.name)} ({clean(u.reason)})" for u in verdict.unknown[:3])
            more = f" and {len(verdict.unknown) - 3} more" if len(verdict.unknown) > 3 else ""
            lines.append(f"not judged: {names}{more}")
        if lines:
            self.line()
        for text in lines:
            self.line(text, "dim")

    def _findings(self, verdict: Verdict) -> None:
        infos = [finding for finding in verdict.findings if finding.severity == "info"]
        dropped = infos[MAX_INFO:]
        for finding in verdict.findings:
            if finding not in dropped:
                self._finding(finding, first=finding is verdict.try_first)
        if dropped:
            self.line(f"  and {len(dropped)} more remarks in the report", "dim")

    def _finding(self, finding: Finding, *, first: bool) -> None:
        from rich.text import Text

        alarm = finding.alarms and finding.consequence_of is None
        if alarm:
            self.line()
        aside = f" (a consequence of {finding.consequence_of})" if finding.consequence_of else ""
        aside += " (accepted)" if finding.accepted else ""
        head = Text()
        head.append(f"{finding.severity}: ", SEVERITY_STYLES[finding.severity])
        head.append(f"{finding.name}{aside}: {clean(finding.summary)}", "" if alarm else "dim")
        self._print(head)
        if not alarm:
            return
        if finding.evidence:
            self.line(f"  evidence: {figures(finding.evidence)}", "dim")
        if finding.tried:
            self.line(f"  {tried(finding)}")
        for answer in finding.choices:
            self.line(f"  answer: {paste_all(answer)}")
        if offered(finding):
            self.line(f"  {'try first' if first else 'try'}: {paste_all(finding.overrides)}", "bold" if first else "")


def clean_line(text: str) -> str:
    """One line without anything that a terminal would obey; leading and inner spaces stay."""
    return "".join(c if c.isprintable() else " " for c in text)


@final
class _Spelling:
    """A stream that spells what its encoding lacks, instead of raising."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self.encoding = getattr(stream, "encoding", None) or "utf-8"

    def can_write(self, text: str) -> bool:
        try:
            text.encode(self.encoding)
        except (UnicodeEncodeError, LookupError):
            return False
        return True

    def write(self, text: str) -> int:
        return self._stream.write(text if self.can_write(text) else as_ascii(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _cells(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def _cut(text: str, cells: int) -> str:
    """The text within so many cells of the terminal, cut in the middle: both ends of a name tell it apart."""
    if _cells(text) <= cells:
        return text
    tail = text[-(cells // 2) :]
    while _cells(tail) > cells // 2:
        tail = tail[1:]
    head = text
    while _cells(head) > cells - 1 - _cells(tail):
        head = head[:-1]
    return f"{head}…{tail}"


def _widths(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    """Columns as wide as their cells and the longest word of their heading."""
    heads = [max(map(_cells, title.split())) if title else 0 for title in header]
    return [max(head, *map(_cells, column)) for head, *column in zip(heads, *rows, strict=True)] if rows else heads


def _wrapped(header: Sequence[str], widths: Sequence[int]) -> list[list[str]]:
    """Headings on as many lines as their columns' widths ask for, the last line always full."""
    import textwrap

    columns = [textwrap.wrap(title, width) or [""] for title, width in zip(header, widths, strict=False)]
    height = max(map(len, columns))
    return [[column[i - height] if height - i <= len(column) else "" for column in columns] for i in range(height)]


def _joined(cells: Sequence[str], widths: Sequence[int]) -> str:
    """One line of a table: the first cell to the left, the others to the right."""
    spaces = [" " * (width - _cells(cell)) for cell, width in zip(cells, widths, strict=False)]
    padded = [
        cell + space if j == 0 else space + cell for j, (cell, space) in enumerate(zip(cells, spaces, strict=True))
    ]
    return "  ".join(padded).rstrip()


def _short(path: Path) -> Path:
    """The path from the current directory where it is below it."""
    here = Path.cwd()
    whole = path if path.is_absolute() else here / path
    return whole.relative_to(here) if whole.is_relative_to(here) else whole
