import io
import re

import pytest
from rich.cells import cell_len

from litmus.evidence import Unknown
from litmus.report.phrases import paste
from litmus.report.terminal import Terminal
from litmus.verdict import Finding

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Tty(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def on_tty(monkeypatch):
    """Makes a terminal of that many columns and gives its stream."""
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)

    def make(columns):
        monkeypatch.setenv("COLUMNS", str(columns))
        stream = Tty()
        return stream, Terminal(stream)

    return make


def predicted(verdict, evidence, **how):
    stream = io.StringIO()
    Terminal(stream, **how).verdict(verdict, evidence)
    return stream.getvalue()


def test_piped_output_is_plain_and_starts_with_the_summary(make_verdict, make_evidence):
    text = predicted(make_verdict(), make_evidence())
    assert "\x1b" not in text
    assert text.splitlines()[1:4] == ["Inadequate: accuracy 46 %.", "Cause: x", "Try: model.activation=relu"]


def test_findings_come_with_evidence_trial_and_an_override_to_paste(make_verdict, make_evidence):
    lines = predicted(make_verdict(), make_evidence()).splitlines()
    at = lines.index("error: model_is_linear: The model is linear, the data are not.")
    assert lines[at + 1] == "  evidence: linear 0.470, boosted trees 0.990"
    assert lines[at + 2].startswith("  tried, 2 seeds: balanced accuracy 0.450 -> 0.950")
    assert lines[at + 3] == "  try first: model.activation=relu 'model.hidden=[10,10]'"
    assert lines[at + 4] == "error: underfitting (a consequence of model_is_linear): Low."


def test_names_from_data_are_never_markup_nor_obeyed(make_verdict, make_evidence, nasty, on_tty):
    stream, terminal = on_tty(100)
    terminal.verdict(make_verdict(nasty), make_evidence())
    text = COLOUR.sub("", stream.getvalue())
    assert "\x1b" not in text
    assert "[red]x[/red]" in text
    assert paste(f"data.drop_columns=[{nasty}]") in text


def test_an_accepted_finding_stays_visible_without_advice(make_verdict, make_evidence):
    found = Finding(name="shift", severity="error", summary="s", overrides=("a=1",), accepted=True)
    text = predicted(make_verdict(findings=(found,)), make_evidence())
    assert "error: shift (accepted): s" in text
    assert "try" not in text.partition("error:")[2]


def test_of_many_remarks_a_few_are_shown(make_verdict, make_evidence):
    infos = tuple(Finding(name=f"n{i}", severity="info", summary="s") for i in range(9))
    text = predicted(make_verdict(findings=infos), make_evidence())
    assert text.count("info: ") == 5
    assert "and 4 more remarks in the report" in text


def test_the_spread_over_seeds_is_shown_of_what_is_asked_for(make_verdict, make_evidence):
    seeds = {str(seed): {"accuracy": 0.4 + 0.1 * seed, "ece": 0.1} for seed in range(3)}
    text = predicted(make_verdict(), make_evidence(seeds=seeds))
    assert "3 fits on the same split (seeds 0, 1, 2), scored on test:" in text
    assert re.search(r"accuracy +0\.500 +0\.100 +0\.400 +0\.600 +3", text)
    assert "ECE" not in text


def test_no_sentence_is_cut(make_verdict, make_evidence):
    long = " ".join(["word"] * 80) + " end."
    found = Finding(name="shift", severity="error", summary=long)
    text = predicted(make_verdict(findings=(found,), unknown=(Unknown(name="shift", reason=long),)), make_evidence())
    assert text.count(long) == 2


@pytest.mark.parametrize(("reads", "told"), [(1, False), (37, True)])
def test_a_test_split_read_often_is_said_to_be(reads, told, make_verdict, make_evidence):
    text = predicted(make_verdict(), make_evidence(test_reads=reads))
    assert ("read 37 times; its interval is optimistic" in text) == told


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_the_table_fits_the_terminal(columns, make_verdict, make_evidence):
    stream = io.StringIO()
    terminal = Terminal(stream, width=columns)
    terminal.verdict(make_verdict("日本" * 30), make_evidence())
    lines = stream.getvalue().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("metric"))
    table = lines[start - 1 : start + 5]
    assert all(cell_len(line) <= columns for line in table)
    assert "threshold" in lines[start]
    assert ("trees" in lines[start]) == (columns >= 100)
    left_out = [line for line in lines if line.startswith("columns left out for want of width: ")]
    assert ("boosted trees" in "".join(left_out)) == (columns < 100)


def test_a_stream_that_knows_ascii_only_gets_ascii_in_straight_columns(make_verdict, make_evidence):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    Terminal(stream).verdict(make_verdict("日本"), make_evidence())
    stream.flush()
    lines = raw.getvalue().decode("ascii").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("metric"))
    assert ">= 0.8 fail" in lines[start + 1]
    assert (
        len(
            {
                line.index(word) + len(word)
                for line, word in zip(
                    (lines[start], lines[start + 1], lines[start + 3]), ("model", "0.460", "0.900"), strict=True
                )
            }
        )
        == 1
    )


def test_a_terminal_gets_colours_and_no_color_takes_them_away(make_verdict, make_evidence, on_tty, monkeypatch):
    stream, terminal = on_tty(100)
    terminal.verdict(make_verdict(), make_evidence())
    assert "\x1b[31m" in stream.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    stream, terminal = on_tty(100)
    terminal.verdict(make_verdict(), make_evidence())
    assert not re.search(r"\x1b\[[0-9;]*3[1-7]m", stream.getvalue())


def test_a_passing_line_is_wiped_before_the_next_one(on_tty):
    stream, terminal = on_tty(60)
    terminal.passing("x" * 80)
    terminal.line("done")
    assert stream.getvalue() == "\r" + "x" * 59 + "\x1b[K" + "\r\x1b[K" + "done\n"


def test_files_are_shown_from_here_and_quoted_for_pasting(tmp_path):
    run = tmp_path / "my runs" / "a"
    run.mkdir(parents=True)
    (run / "report.html").touch()
    stream = io.StringIO()
    Terminal(stream).files(run)
    assert stream.getvalue().splitlines() == [
        "",
        "report:  my runs/a/report.html",
        "run:     my runs/a",
        "curves:  litmus board 'my runs/a'",
    ]
