import re
from pathlib import Path

import pytest

from litmus.sweeps.conclusion import conclude
from litmus.sweeps.leaderboard import rank
from litmus.sweeps.page import Section, render, write_page
from litmus.sweeps.records import Record


def record(number, lr, hidden, loss, *, status="finished", folder="."):
    return Record(
        directory=Path(folder) / f"{number}_lr={lr}",
        status=status,
        reason=None if status == "finished" else "<b>broken</b>",
        settings={"optimizer.lr": str(lr), "model.hidden": f"[{hidden}]", "loss": "auto"},
        seed=1,
        value=loss,
        scores={"val": {"f1": {"value": 0.8, "low": 0.7, "high": 0.9}}},
        primary="f1",
        verdict="adequate",
    )


def board(folder="."):
    points = [(lr, hidden) for lr in (0.001, 0.01, 0.1) for hidden in (20, 50, 100)]
    runs = [
        record(i, lr, hidden, 1 / (1 + 100 * lr) + hidden / 1e4, folder=folder) for i, (lr, hidden) in enumerate(points)
    ]
    return rank([*runs, record(9, 9, 9, None, status="failed", folder=folder)])


def page(tmp_path):
    found = board(tmp_path)
    for entry in found.entries:
        for run in entry.records:
            run.directory.mkdir()
            (run.directory / "report.html").write_text("here")
    return write_page(tmp_path / "leaderboard.html", "a sweep", [Section("", found, conclude(found))])


def test_nothing_comes_from_outside_and_no_script_runs_but_the_one_that_sorts(tmp_path):
    text = render("a </title><script>x</script>", [Section("", board(), conclude(board()))], folder=tmp_path)
    assert "default-src 'none'" in text
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/=]{44}'", text)
    assert text.count("<script>") == 1
    assert "<b>broken</b>" not in text
    assert not re.search(r'(src|href)="?https?:', text)


def test_a_two_way_grid_has_a_heat_map_and_every_setting_a_slice(tmp_path):
    text = page(tmp_path).read_text()
    best = "Heat map. Val loss is best with model.hidden [20], optimizer.lr 0.1: 0.0929; it is 0.9191 with"
    assert f'aria-label="{best} model.hidden [100], optimizer.lr 0.001, the last of 9."' in text
    by_lr = "The best val loss by optimizer.lr: 0.0929 with 0.1, 0.5020 with 0.01, 0.9111 with 0.001."
    assert f'aria-label="Scores by optimizer.lr. {by_lr}"' in text
    assert f"<figcaption>{by_lr}</figcaption>" in text
    assert 'aria-label="Scores by model.hidden. ' in text
    assert text.count('class="plot"') == 9
    assert 'href="8_lr%3D0.1/report.html"' in text


def test_any_values_can_be_drawn(tmp_path):
    values = [1e30, 2.0, 1.0, 1.5, 3.0, 2.5]
    runs = [record(i, "adam" if i % 2 else 10**-i, "x,y", value) for i, value in enumerate(values)]
    for records in (runs, runs[:1], runs[:2], []):
        found = rank(records)
        assert "a sweep" in render("a sweep", [Section("one", found, None), Section("two", found)], folder=tmp_path)


@pytest.mark.browser
def test_a_browser_sorts_by_a_column_that_is_clicked(tmp_path, browser):
    view = browser.new_page(viewport={"width": 390, "height": 800})
    errors = []
    view.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    view.goto(page(tmp_path).as_uri())
    lr = view.locator("th button", has_text="optimizer.lr").first
    cells = view.locator(".board tbody tr td:nth-child(3)")
    lr.click()
    ascending = cells.all_text_contents()
    lr.click()
    descending = cells.all_text_contents()
    wide = view.evaluate("document.documentElement.scrollWidth")
    assert ascending == ["0.001"] * 3 + ["0.01"] * 3 + ["0.1"] * 3
    assert descending == ascending[::-1]
    assert errors == []
    assert wide <= 390
