"""The benchmark of speed: it starts, both sides learn the same, and it ends."""

import json
import re
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import speed
from real_tables import selection
from timing import hand, large, page, sweeps
from timing.measure import Once, Span, inside, interleave, process, ratio
from timing.parts import MEASURED, Asked


@pytest.fixture(autouse=True)
def threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", ["circles", "the same", "regression", "straight line", "one epoch"])
def test_both_sides_learn_the_same_parameters_to_the_bit(name, capsys):
    assert speed.main(["--parts", "loops", "--scale", "0.003", "--rounds", "1", "--only", name]) == 0
    predicted = capsys.readouterr().out
    assert predicted.count("lean loop; parameters bit-identical") == 1


def test_batches_from_a_file_are_read_by_both_sides(capsys):
    assert speed.main(["--parts", "loops", "--scale", "0.01", "--rounds", "1", "--only", "Parquet"]) == 0
    assert re.search(r"table 4,000 x 30.*\[.*lean loop", capsys.readouterr().out)


def test_recording_for_the_verdict_is_measured(capsys):
    assert speed.main(["--parts", "evidence", "--scale", "0.003", "--rounds", "1"]) == 0
    assert (
        len(
            re.findall(
                r"evidence for the verdict: .* against itself without; records of layers", capsys.readouterr().out
            )
        )
        == 2
    )


def test_other_tools_stand_beside_the_loop(capsys):
    assert speed.main(["--parts", "peers", "--scale", "0.01", "--rounds", "1"]) == 0
    predicted = capsys.readouterr().out
    for tool in ("Litmus", "Lightning as templates use it", "scikit-learn MLPClassifier", "skorch"):
        assert f"circles 2-10-10-1, 2 full-batch epochs: {tool} |" in predicted


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("start", ["`litmus --help`", "`litmus train --cfg job`", "torch not imported"]),
        ("process", ["whole process", "against script with lightning", "against script on torch"]),
        ("verdict", ["of a default run / (fit + 3 s)", "whose verdict is probed"]),
    ],
)
def test_whole_processes_are_measured(part, expected, capsys):
    assert speed.main(["--parts", part, "--scale", "0.003", "--rounds", "1"]) == 0
    predicted = capsys.readouterr().out
    assert [words for words in expected if words not in predicted] == []


@pytest.mark.slow
def test_the_page_says_where_the_time_goes_and_what_blocks_the_rest(tmp_path):
    rows = MEASURED["stages"](Asked(tmp_path, 1, 1.0, ""))
    page.keep("stages", rows, tmp_path)
    page.write(tmp_path, tmp_path / "README.md", order=list(MEASURED))
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    for stage in ("imports in: start", "fit", "report.html, figures, TensorBoard", "scores with intervals", "compose"):
        assert f"| {stage} | " in text
    assert "torch " in text
    assert "What blocks the rest" in text


def test_a_section_is_written_by_itself_and_no_row_of_the_page_is_lost(tmp_path, monkeypatch, capsys):
    rows = [page.Row("a", Span(1, 1, 1), None, None, None, "note")]
    for name in ("loops", "peers", "launchers"):
        page.keep(name, page.Part.now(rows, rounds=1), tmp_path / "all")
    path = tmp_path / "README.md"
    path.write_text("# Benchmarks\n\nbefore\n")
    page.write(tmp_path / "all", path, order=list(MEASURED))
    text = path.read_text()
    assert text.startswith("# Benchmarks\n\nbefore\n\n<!-- speed -->")
    assert [text.count(f"\n- {name}: ") for name in ("loops", "peers", "launchers")] == [1, 1, 1]
    assert re.search(r"- launchers: [\d-]+, (no commit|commit [0-9a-f]{8})", text)

    def lost(*measured):
        return page.lost(tmp_path / "new", path, measured, order=list(MEASURED))

    assert (lost("loops"), lost("launchers"), lost("sweeps"), lost()) == (["peers"], [], ["launchers"], [])
    page.keep("launchers", page.Part.now([], rounds=1), tmp_path / "new")
    page.write(tmp_path / "new", path, order=list(MEASURED))
    speed_section = text.partition("<!-- speed -->")[2].partition("<!-- /speed -->")
    assert speed_section[0] in path.read_text()
    assert path.read_text().count("| a |") == 2
    monkeypatch.setattr(page, "lost", lambda *_, **__: ["peers"])
    assert speed.main(["--parts", "loops"]) == 2
    assert "has no figures of peers, which README.md shows" in capsys.readouterr().err


def test_searches_are_compared_on_the_largest_tables_of_both_kinds():
    sizes = {"a": 999, "b": 1000, "c": 5000, "d": 7000, "e": 9000, "f": 10_001}
    tables = [
        selection.Chosen(f"{name}{kind:d}", range(rows), "y", kind, "tune")
        for name, rows in sizes.items()
        for kind in (True, False)
    ]
    assert [table.name for table in sweeps.searched(tables)] == ["e1", "d1", "c1", "e0", "d0"]


def test_a_difference_in_parameters_fails_the_benchmark(monkeypatch):
    monkeypatch.setattr("timing.rows.largest_difference", lambda *_: 1e-9)
    assert speed.main(["--parts", "loops", "--scale", "0.002", "--rounds", "1", "--only", "no logger"]) == 1


def test_a_round_calls_each_side_in_turn():
    calls = []
    sides = {name: inside(lambda name=name: calls.append(name)) for name in "ab"}
    runs = interleave(sides, rounds=2)
    assert calls == list("ababab")
    assert [len(one) for one in runs.values()] == [2, 2]


def test_a_ratio_is_the_median_over_rounds():
    runs = {"a": [Once(2, 1), Once(9, 1), Once(4, 1)], "b": [Once(1, 1), Once(3, 1), Once(4, 1)]}
    assert ratio(runs, "a", "b") == Span(2, 1, 3)


def test_a_process_is_measured_with_its_children_gone(tmp_path):
    once = process("-c", "print(sum(range(10)))", directory=tmp_path)()
    assert once.result == "45\n"
    assert 0 < once.cpu < 5
    assert once.peak > 1


def test_a_process_that_fails_says_why(tmp_path):
    with pytest.raises(RuntimeError, match="no such luck"):
        process("-c", "raise SystemExit('no such luck')", directory=tmp_path)()


@pytest.mark.verify
def test_a_table_in_pieces_is_fitted_and_a_peak_above_the_bound_fails(tmp_path):
    row = large.bounded(tmp_path, scale=0.03)
    assert row.same == (row.rate.median <= 1)
    assert re.search(r"allowed 8 MB .* peak \d+ MB of its own, with 2,000 rows \d+ MB, bare import \d+ MB", row.note)
    assert row.rate.median < 4  # what is fixed outweighs the bound at this size


@pytest.mark.verify
def test_large_tables_are_learned_from_both_kinds_of_files(tmp_path):
    rows = list(large.million(tmp_path, rounds=1, scale=0.004))
    assert [row.name.rpartition(" ")[2] for row in rows] == ["parquet", "csv"]
    assert all(re.search(r"peak [\d,]+ MB, by hand [\d,]+ MB", row.note) for row in rows)


def test_the_peak_of_a_process_is_that_of_its_own_memory(tmp_path):
    peak = large.peak_of("import time; some = bytearray(64 << 20); time.sleep(0.2)", tmp_path)
    assert 64 < peak.own < 100
    assert peak.resident > peak.own
    with pytest.raises(RuntimeError, match="no such luck"):
        large.peak_of("raise SystemExit('no such luck')", tmp_path)


def test_scores_by_hand_are_those_of_scikit_learn():
    from sklearn.metrics import precision_recall_fscore_support as scores

    generator = torch.Generator().manual_seed(0)
    output, target = torch.randn(50, 3, generator=generator), torch.randint(3, (50,), generator=generator)
    expected = scores(target, output.argmax(1), average="macro")[:3]
    assert hand.class_score(output, target)[1:] == pytest.approx(expected)
    predicted, true = output[:, :1], (target == 1).long()
    assert hand.binary_score(predicted, true)[1:] == pytest.approx(
        scores(true, predicted[:, 0] > 0, average="binary")[:3]
    )


def test_the_page_keeps_what_stands_around_its_section(tmp_path):
    file = tmp_path / "README.md"
    file.write_text("# Benchmarks\n\n<!-- speed -->old<!-- /speed -->\nafter\n", encoding="utf-8")
    row = page.Row("work", Span(0.9, 0.8, 1.0), Span(1, 1, 1), None, 1.0, "note")
    page.keep("loops", page.Part([row], "a machine", [("fit", 1.0, 2.0)], [("torch", 3.0)]), tmp_path)
    for _ in range(2):
        page.write(tmp_path, file, order=list(MEASURED))
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# Benchmarks\n\n<!-- speed -->")
    assert text.endswith("<!-- /speed -->\nafter\n")
    assert "old" not in text
    assert "| work | 0.90 [0.80, 1.00] | <= 1.0 | yes |" in text
    assert json.loads((tmp_path / "loops.json").read_text(encoding="utf-8"))["machine"] == "a machine"
