"""What every test shares: one thread, a directory of its own, and a browser only where there is one."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# Examples are not timed: another process on the machine would decide whether they pass.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Read by torch, numpy and their children when they are first imported: several threads cost tiny models more than
# they give, and two test workers share two cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

sys.path.insert(0, str(Path(__file__).resolve().parent / "browsing"))
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class FailuresAtOnce:
    """Prints a failure when it happens: a run of CI that is cut off never comes to the summary."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        terminal = self.config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and terminal is not None:
            terminal.write_line(f"FAILED {report.nodeid} ({report.when})\n{report.longreprtext[-2000:]}")


def pytest_configure(config: pytest.Config) -> None:
    if "CI" in os.environ:
        config.pluginmanager.register(FailuresAtOnce(config))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if CHROMIUM is None and item.get_closest_marker("browser"):
        pytest.skip("no chromium on the PATH: apt-get install chromium")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs each test in an empty directory, so that nothing it writes lands in the clone."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def untrusting() -> Iterator[None]:
    """Ends each test's trust in packages with the test: it holds for the whole process."""
    known = sys.modules.get("litmus.config.targets")
    before = set(known._trusted) if known else set()
    yield
    if known := sys.modules.get("litmus.config.targets"):
        known._trusted.intersection_update(before)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path, for Playwright's `executable_path`."""
    if CHROMIUM is None:
        pytest.skip("no chromium on the PATH: apt-get install chromium")
    return CHROMIUM


@pytest.fixture
def browser(chromium: str) -> Iterator[Any]:
    """A headless browser of Playwright's."""
    from looking import browsing

    with browsing(chromium) as started:
        yield started


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV of 300 customers: numbers, a category and a date, some cells missing, and whether they bought."""
    import numpy as np

    rng = np.random.default_rng(0)
    x, z = rng.normal(size=(2, 300)).round(4)
    colour, day = rng.choice(["red", "green", "blue"], 300), rng.integers(1, 29, 300)
    bought = 2 * x - z + 1.5 * (colour == "red") + rng.normal(size=300) / 2 > 0.3
    rows = [
        f"{'' if i % 17 == 3 else x[i]},{z[i]},{'' if i % 23 == 5 else colour[i]},2025-03-{day[i]:02d},"
        f"{'yes' if bought[i] else 'no'}"
        for i in range(300)
    ]
    path = tmp_path_factory.mktemp("shop") / "shop.csv"
    path.write_text("\n".join(["x,z,colour,day,bought", *rows, ""]))
    return path


@pytest.fixture(scope="session")
def trained(shop: Path) -> Path:
    """The directory of a finished run on `shop`."""
    import litmus

    places = [f"output_dir={shop.parent / 'outputs'}", "logger=csv"]
    words = ["trainer.max_epochs=12", "verdict.probes=off", *places]
    return litmus.train(shop, "bought", overrides=words).directory
