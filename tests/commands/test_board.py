import json
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from litmus.commands.board import check_port, main
from litmus.errors import CheckpointError, ConfigError
from litmus.report.tensorboard import Writer

SERVE = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from litmus.commands.board import main
sys.exit(main("outputs", port=int(sys.argv[1])))
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def taken():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def served(tmp_path):
    """A board over two runs: its process and address."""
    for name in ("circles_mlp/a", "circles_mlp/sweep_1/0_lr=0.1"):
        writer = Writer(directory=str(tmp_path / "outputs" / name))
        writer.write([{"epoch": i, "train/loss": 1 / (i + 1), "val/loss": 2 / (i + 1)} for i in range(9)])
        writer.hparams({"optimizer.lr": 0.1})
        writer.close()
    command = [sys.executable, "-c", SERVE, str(free_port())]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process, process.stdout.readline().split()[0]
    finally:
        process.kill()
        process.communicate()


def test_a_taken_port_is_refused_with_the_next_free_one(taken, tmp_path):
    with pytest.raises(ConfigError, match=rf"port={taken}: something listens there already; try port=\d+") as error:
        main(str(tmp_path), port=taken)
    check_port(int(str(error.value).rpartition("=")[2]))


def test_a_missing_directory_is_an_error():
    with pytest.raises(CheckpointError, match="nowhere: no such directory"):
        main("nowhere")


@pytest.mark.slow
def test_it_serves_runs_by_their_paths_and_ends_quietly_on_ctrl_c(served):
    process, url = served
    with urllib.request.urlopen(f"{url}data/runs") as answer:
        runs = json.load(answer)
    assert set(runs) == {"circles_mlp/a", "circles_mlp/sweep_1/0_lr=0.1"}
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, out.strip(), err) == (0, "", "")


@pytest.mark.browser
@pytest.mark.slow
def test_a_browser_shows_one_chart_for_train_and_val_and_the_hparams(served, browser):
    _, url = served
    tab = browser.new_page(viewport={"width": 1400, "height": 900})
    tab.set_default_timeout(300_000)  # milliseconds: TensorBoard takes its time on a busy machine
    tab.goto(f"{url}#custom_scalars")
    tab.get_by_text("train and val").first.wait_for()
    tab.goto(f"{url}#hparams")
    tab.reload()
    tab.get_by_text("optimizer.lr").first.wait_for()
