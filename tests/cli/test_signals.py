"""A signal unwinds what runs, whichever command it is."""

import os
import pickle
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


class Swallowing:
    def __del__(self):  # what is raised here goes nowhere
        os.kill(os.getpid(), signal.SIGTERM)


def another_error():
    try:
        os.kill(os.getpid(), signal.SIGTERM)
    except KeyboardInterrupt:
        raise ValueError("out of a buffer's format") from None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("work", [Swallowing, another_error])
def test_a_stop_that_others_swallow_or_replace_is_raised_at_the_end_where_that_is_asked_for(work):
    done = []
    with pytest.raises(Stop, match="in the middle") as caught, stopped_by_signals("in the middle", insists=True):  # noqa: PT012
        work()
        done.append("went on")
    assert caught.value.exit_code == 143
    assert done == (["went on"] if work is Swallowing else [])
    if work is Swallowing:
        with stopped_by_signals():
            work()


def test_the_first_signal_asks_and_the_second_does_not_wait():
    asked = []

    def ask():
        asked.append("asked")
        os.kill(os.getpid(), signal.SIGINT)
        asked.append("waited")

    with pytest.raises(Stop) as caught, stopped_by_signals(first=ask):
        os.kill(os.getpid(), signal.SIGTERM)
    assert (asked, caught.value.exit_code) == (["asked"], 130)


def test_a_stop_can_be_sent_to_another_process():
    sent = pickle.loads(pickle.dumps(Stop("interrupted", 143)))
    assert (str(sent), sent.exit_code) == ("interrupted", 143)


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
