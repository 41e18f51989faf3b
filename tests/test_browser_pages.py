"""Pages as a reader's browser shows them: nothing overflows, nothing is fetched, nothing is unreadable."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from looking import FEW, SLOWEST, VIEWS, browsing, look

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[1]
EXPERIMENTS = sorted(path.stem for path in (ROOT / "conf" / "experiment").glob("*.yaml"))
QUICK = ("verdict.probes=off", "trainer.max_epochs=8")
TABLES = {  # classes, columns, rows
    "ten classes": (10, 6, 600),
    "forty classes": (40, 8, 1600),
    "a wide one": (2, 120, 300),
}


@pytest.mark.slow
def test_a_report_and_the_page_that_compares_runs_can_be_read_by_anybody(trained, chromium, tmp_path):
    from litmus.commands.compare import main

    main(str(trained), output_dir=str(tmp_path))
    [board] = tmp_path.glob("compare/*/leaderboard.html")
    with browsing(chromium) as browser:
        report = look(browser, (trained / "report.html").as_uri(), views=FEW)
        compared = look(browser, board.as_uri(), views=FEW)
    assert report.faults == []
    assert compared.faults == []
    assert "Findings" in report.text


def litmus(*words: str) -> None:
    """A command in a process of its own."""
    done = subprocess.run([sys.executable, "-m", "litmus", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def report_of(folder: Path) -> str:
    [report] = folder.glob("outputs/*/*/report.html")
    return report.as_uri()


def table(path: Path, classes: int, columns: int, rows: int) -> Path:
    """Clouds of points, one a class, with long names."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(0)
    code = rng.integers(0, classes, rows)
    x = rng.normal(size=(classes, columns))[code] * 2 + rng.normal(size=(rows, columns))
    names = [f"a_measurement_with_a_long_name_{i}" for i in range(columns)]
    frame = pl.DataFrame(x.round(3), schema=names).with_columns(kind=pl.Series([f"kind {i:02}" for i in code]))
    frame.write_csv(path)
    return path


@pytest.mark.verify
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_report_of_an_experiment_can_be_read_by_anybody(name, chromium, tmp_path):
    litmus("train", f"experiment={name}", *QUICK)
    with browsing(chromium) as browser:
        assert look(browser, report_of(tmp_path)).faults == []


@pytest.mark.verify
@pytest.mark.parametrize("name", TABLES)
def test_the_report_of_a_large_table_can_be_read_by_anybody(name, chromium, tmp_path):
    path = table(tmp_path / "table.csv", *TABLES[name])
    litmus("train", f"data.path={path}", "data.target=kind", *QUICK)
    with browsing(chromium) as browser:
        assert look(browser, report_of(tmp_path)).faults == []


@pytest.mark.verify
def test_the_page_of_a_sweep_can_be_read_by_anybody(chromium, tmp_path):
    grid = ["optimizer.lr=0.001,0.01,0.1", "model.hidden=[4],[16]", "seed=1,2"]
    litmus("train", "-m", "data=iris", "trainer.max_epochs=8", *grid)
    [board] = tmp_path.glob("outputs/*/*/leaderboard.html")
    with browsing(chromium) as browser:
        found = look(browser, board.as_uri())
    assert found.faults == []
    assert all(word in found.text for word in ("winner", "mattered", "By setting"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documentation's site."""
    pytest.importorskip("material")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"})
    return folder


@pytest.mark.verify
def test_the_documentation_can_be_read_by_anybody_from_the_disk(site, chromium):
    whole = {"index.html", "tutorial.html", "howto/settings.html", "reference/config.html", "findings/lr_too_high.html"}
    faults = {}
    with browsing(chromium) as browser:
        for path in sorted(site.rglob("*.html")):
            name = str(path.relative_to(site))
            if name != "404.html":  # which a server shows, at any address
                views = VIEWS if name in whole else ((390, "dark"),)
                found = look(browser, path.as_uri(), site=site.as_uri(), views=views)
                faults |= {name: found.faults} if found.faults else {}
    assert faults == {}


@pytest.mark.verify
def test_the_documentation_is_searched_from_the_disk(site, chromium):
    with browsing(chromium) as browser:
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.goto((site / "index.html").as_uri())
        tab.get_by_placeholder("Search").click()
        tab.get_by_placeholder("Search").press_sequentially("vanishing gradients", delay=50)
        tab.locator(".md-search-result__item").first.wait_for(timeout=SLOWEST)
        assert "vanishing_gradients" in tab.inner_text(".md-search-result__list")


@pytest.fixture
def board(tmp_path: Path) -> Iterator[str]:
    """TensorBoard over a run on images and a sweep."""
    litmus("train", "data=digits", "model=cnn", "trainer.max_epochs=3", "verdict.probes=off", "verdict.references=off")
    litmus("train", "-m", "data=iris", "trainer.max_epochs=3", "optimizer.lr=0.01,0.1")
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "litmus", "board", f"port={port}"], stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/"
    for _ in range(120):
        try:
            urllib.request.urlopen(url).close()
            break
        except OSError:
            time.sleep(0.5)
    yield url
    process.send_signal(signal.SIGINT)
    process.wait(30)


@pytest.mark.verify
def test_tensorboards_tabs_hold_what_they_should(board, chromium):
    held = {
        "custom_scalars": "train and val",
        "images": "figures/confusion",
        "text": "mistakes",
        "hparams": "optimizer.lr",
        "pr_curves": "val/",
    }
    with browsing(chromium) as browser:
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        for name, text in held.items():
            tab.goto(f"{board}#{name}")
            tab.reload()
            tab.get_by_text(text).first.wait_for(timeout=SLOWEST)
