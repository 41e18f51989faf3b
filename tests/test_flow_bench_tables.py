"""The benchmark on real tables: its rule, its figures and its page."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import tables
from real_tables import page, rivals
from real_tables.selection import ID, Chosen, split_of


def row(table: str, error: float | None, *, best: float = 1.0, work: float = 5.0, half: str = "held") -> dict:
    errors = {"linear": best, "forest": best + 1, "boosted": best + 2, "mlp": best + 3}
    known = {"table": table, "target": "y", "classes": False, "half": half, "seed": 0, "rows": 3000, "columns": 5}
    known |= {"errors": errors, "rival_seconds": dict.fromkeys(errors, 0.1)}
    return known | {"error": error, "seconds": work, "work": work, "otherwise": False, "verdict": "limited"}


def small(classes: bool) -> Chosen:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=120), "b": rng.normal(size=120)})
    frame["y"] = np.where(frame["a"] > 0, "yes", "no") if classes else 3 * frame["a"] + rng.normal(size=120)
    return Chosen("small", frame, "y", classes, "tune")


def test_a_refused_run_has_an_infinite_ratio_the_last_rank_and_a_place_in_every_figure():
    refused = row("b", None)
    assert page.ratio_of(refused) == float("inf")
    assert page.rank_of(refused) == 5
    text = page.summary([row("a", 1.0), refused, row("c", None)])
    assert "| inf [1.000, inf] |" in text
    assert "2 of 3 |" in text.partition("above 1.15")[2].partition("\n")[0]
    assert "| runs refused, failed or over time | 0 | 2 of 3 |" in text


def test_the_ratio_is_that_to_the_best_of_the_four_and_ties_share_a_rank():
    assert page.ratio_of(row("a", 1.2)) == pytest.approx(1.2)
    assert page.rank_of(row("a", 1.0)) == 1
    assert page.rank_of(row("a", 2.5)) == 3
    assert page.ratio_of(row("a", 0.0, best=0.0)) == 1.0
    assert page.ratio_of(row("a", 0.1, best=0.0)) == float("inf")


def test_columns_that_name_rows_are_no_targets():
    assert all(ID.search(name) for name in ("id", "school.id", "ID", "provnum"))
    assert not any(ID.search(name) for name in ("paid", "idle", "number", "width"))


def test_a_run_gets_file_target_and_split_only_and_its_error_is_on_test():
    table = small(classes=True)
    found = tables.ours(
        table, split_of(len(table.rows), 0), 0, ["trainer.max_epochs=2", "callback.early_stopping=null"]
    )
    assert 0 <= found["error"] <= 1
    assert found["epochs"] == 2
    assert found["work"] > 0
    assert not found["otherwise"]


def test_a_run_that_is_refused_says_why():
    table = small(classes=False)
    found = tables.ours(table, split_of(len(table.rows), 0), 0, ["model.hiden=[3]"])
    assert found["error"] is None
    assert "hidden" in found["verdict"]


def test_codes_that_are_read_as_amounts_are_scored_by_the_nearest_code(tmp_path: Path):
    frame = {"row": [0, 1, 2], "split": ["val", "test", "test"], "target": [3, 1, 2], "pred": [9.0, 1.2, 2.6]}
    pd.DataFrame(frame).to_csv(tmp_path / "predictions.csv", index=False)
    pd.DataFrame({"epoch": [0]}).to_csv(tmp_path / "history.csv", index=False)
    assert tables.scored(small(classes=True), tmp_path) == {"error": 0.5, "otherwise": True, "epochs": 1}


def test_established_models_get_all_rows_but_test_and_are_computed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    table = small(classes=False)
    split = split_of(len(table.rows), 0)
    found = tables.rivals_of(table, split, 0, tmp_path)
    assert set(rivals.FOUR) <= found["errors"].keys()
    assert found["errors"]["linear"] < found["errors"]["forest"]
    monkeypatch.setattr(rivals, "scores", lambda *_: pytest.fail("computed again"))
    assert tables.rivals_of(table, split, 0, tmp_path) == found


def test_the_page_has_both_halves_the_commit_and_replaces_itself(tmp_path: Path):
    readme = tmp_path / "README.md"
    readme.write_text("# Benchmarks\n\nbefore\n")
    rows = [row("a", 1.0), row("b", 1.5, half="tune")]
    page.write(readme, rows, "old")
    page.write(readme, rows, "0123abc")
    text = readme.read_text()
    assert text.count(page.START) == text.count("### Held back") == 1
    assert "commit 0123abc" in text
    assert "before" in text
    assert "| b: y | 3000 | 1.50 |" in text
