"""A signal unwinds what runs, whichever command it is."""

import os
import signal
import threading

import pytest

from litmus.cli import main
from litmus.cli.signals import Stop, stopped_by_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_signals_run_what_has_to_be_done_at_the_end(number):
    before = signal.getsignal(number)
    done = []

    def stopped():
        with stopped_by_signals("in the middle"):
            try:
                os.kill(os.getpid(), number)
            finally:
                done.append("tidied")

    with pytest.raises(Stop, match="in the middle") as caught:
        stopped()
    assert (caught.value.exit_code, done) == (128 + number, ["tidied"])
    assert signal.getsignal(number) is before


def test_outside_the_main_thread_signals_are_left_to_others():
    seen = []

    def work():
        with stopped_by_signals():
            seen.append("ran")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == ["ran"]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_any_command_ends_with_the_status_of_its_signal(number, status, monkeypatch, capsys):
    def main_of_predict(**_):
        os.kill(os.getpid(), number)

    monkeypatch.setattr("litmus.commands.predict.main", main_of_predict)
    assert main(["predict", "checkpoint=a", "input=b", "output=c.csv"]) == status
    assert capsys.readouterr().err == "error: interrupted\n"
