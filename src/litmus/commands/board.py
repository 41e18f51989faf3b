"""`litmus board [dir|last] [port=6006]`: TensorBoard on localhost."""

import contextlib
import io
import logging
import socket
import time
from pathlib import Path

from litmus.errors import ConfigError
from litmus.report.terminal import Terminal
from litmus.sweeps.places import find_place

HOST = "127.0.0.1"
WAKE = 0.2  # seconds
TRIED = 50  # ports looked at for a free one


def main(word: str = "", *, port: int = 6006, output_dir: str = "outputs") -> int:
    """Serves until Ctrl-C.

    Args:
        word: Directory to show; `last`: the run or sweep begun last; empty: `output_dir`.
        port: To listen on.
        output_dir: Where runs are.

    Raises:
        CheckpointError: There is no such directory.
        ConfigError: The port is taken.
    """
    directory = find_place(word or output_dir, output_dir=output_dir)
    check_port(port)
    terminal = Terminal()
    url = serve(directory, port)
    terminal.line(f"{url}  shows {directory}, Ctrl-C stops it")
    terminal.stream.flush()
    try:
        while True:  # polars, once imported, lets a signal wait until a blocking call returns
            time.sleep(WAKE)
    except KeyboardInterrupt:
        terminal.line()
    return 0


def check_port(port: int) -> None:
    """Refuses a port that is taken, naming the next free one; raises ConfigError."""
    if _is_free(port):
        return
    free = next((other for other in range(port + 1, min(port + TRIED, 65536)) if _is_free(other)), None)
    remedy = f"try port={free}" if free else "choose another"
    raise ConfigError(f"port={port}: something listens there already; {remedy}")


def serve(directory: Path, port: int) -> str:
    """Starts TensorBoard in this process and returns its address; it ends with the process."""
    from tensorboard import default, program

    for name in ("werkzeug", "tensorboard"):
        logging.getLogger(name).setLevel(logging.ERROR)
    board = program.TensorBoard(default.get_plugins())
    board.configure(
        argv=["litmus board", "--logdir", str(directory), "--host", HOST, "--port", str(port), "--reload_interval", "5"]
    )
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # a notice about how it loads data
            url: str = board.launch()
    except program.TensorBoardServerException as error:
        raise ConfigError(f"port={port}: TensorBoard cannot listen there: {error}; choose another") from error
    return url


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
