"""The screenshots in README and documentation, of real runs in Chromium: `make screenshots` takes them anew."""

import argparse
import io
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

HERE = Path(__file__).resolve().parent
CHROME = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
COLOURS = 256
ALIKE = 0.01  # share of pixels that may differ before a picture is written anew: fonts are drawn a little otherwise
GRID = ["optimizer.lr=0.001,0.01,0.1", "model.hidden=[4],[16]", "seed=1,2"]


def report(tab: Any, folder: Path) -> None:
    """The first screen of a run that cannot work."""
    command(folder, "train", "experiment=circles_linear_v1")
    [page] = folder.glob("outputs/circles_linear_v1/*/report.html")
    tab.goto(page.as_uri())
    keep(tab, "report.png")


def sweep(tab: Any, folder: Path) -> None:
    """The page of a sweep of twelve jobs."""
    swept(folder)
    [page] = folder.glob("outputs/breast_cancer_mlp/*/leaderboard.html")
    tab.goto(page.as_uri())
    keep(tab, "sweep.png")


def tensorboard(tab: Any, folder: Path) -> None:
    """HParams of the same sweep."""
    swept(folder)
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    words = [sys.executable, "-m", "litmus", "board", str(folder / "outputs" / "breast_cancer_mlp"), f"port={port}"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}/"
        wait(url)
        tab.goto(f"{url}?darkMode=false#hparams")
        tab.get_by_text("optimizer.lr").first.wait_for(timeout=60_000)
        tab.wait_for_timeout(3000)
        keep(tab, "tensorboard.png")
    finally:
        process.terminate()
        process.wait()


SHOTS: dict[str, Callable[[Any, Path], None]] = {"report": report, "sweep": sweep, "tensorboard": tensorboard}


def swept(folder: Path) -> None:
    """Twelve jobs, once."""
    if not (folder / "outputs" / "breast_cancer_mlp").is_dir():
        command(folder, "train", "-m", "trainer.max_epochs=30", *GRID)


def command(folder: Path, *words: str) -> None:
    """`litmus <words>` in the folder, so that what it prints names no place of this machine."""
    subprocess.run([sys.executable, "-m", "litmus", *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def wait(url: str) -> None:
    """Until a server answers."""
    for _ in range(120):
        try:
            urllib.request.urlopen(url).close()  # noqa: S310  # our own server
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise TimeoutError(url)


def keep(tab: Any, name: str) -> None:
    """Writes the tab's picture, unless the one that is there is like it."""
    image = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
    path = HERE / name
    if path.is_file() and apart(image, Image.open(path).convert("RGB")) <= ALIKE:
        print(f"{name}: as it was")
        return
    image.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{name}: {path.stat().st_size // 1024} kB")


def apart(one: Image.Image, other: Image.Image) -> float:
    """The share of pixels that differ by more than a shade; 1 where the sizes do."""
    if one.size != other.size:
        return 1.0
    histogram = ImageChops.difference(one, other).convert("L").histogram()
    return sum(histogram[48:]) / (one.width * one.height)


def main() -> None:
    """Takes those that are asked for."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(SHOTS)}; none: all")
    names = parser.parse_args().names or list(SHOTS)
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with tempfile.TemporaryDirectory(prefix="litmus-screenshots-") as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROME))
        tab = browser.new_page(viewport={"width": 1180, "height": 820}, color_scheme="light")
        for name in names:
            SHOTS[name](tab, Path(folder))
        browser.close()


if __name__ == "__main__":
    main()
