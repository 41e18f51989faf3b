"""Files that are whole or not there, and locks that end with their holder."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from litmus.disk import holder, locked, replacing, write_text
from litmus.errors import CheckpointError


def start(code: str, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code, *words], stdout=subprocess.PIPE, text=True)


def killed(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_file_is_replaced_whole_and_nothing_else_is_left(tmp_path):
    write_text(tmp_path / "a.json", "old\r\n")
    write_text(tmp_path / "a.json", "new\r\n", durable=True)
    assert (tmp_path / "a.json").read_bytes() == b"new\r\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt(), ValueError("no")])
def test_a_write_that_fails_leaves_the_old_file_and_no_temporary(tmp_path, error):
    write_text(tmp_path / "a", "old")

    def write():
        with replacing(tmp_path / "a") as part:
            part.write_text("ne")
            raise error

    with pytest.raises(type(error)):  # it is the error itself
        write()
    assert (tmp_path / "a").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_full_disk_is_said_with_the_file_that_was_meant(tmp_path):
    with pytest.raises(OSError, match=r"No space left on device: '.*/a'$"), replacing(tmp_path / "a") as part:
        raise OSError(28, "No space left on device", str(part))


def test_a_folder_appears_whole(tmp_path):
    with replacing(tmp_path / "run") as part:
        part.mkdir()
        (part / "config.yaml").write_text("a: 1")
        assert not (tmp_path / "run").exists()
    assert (tmp_path / "run" / "config.yaml").read_text() == "a: 1"


def test_what_a_killed_writer_left_is_removed_by_the_next_one_and_what_a_living_one_writes_is_not(tmp_path):
    code = "import sys, time; from pathlib import Path; from litmus.disk import replacing\n"
    code += "with replacing(Path(sys.argv[1])) as part: part.write_text('x'); print(flush=True); time.sleep(60)"
    writers = [start(code, str(tmp_path / "a")) for _ in range(2)]
    for writer in writers:
        writer.stdout.readline()
    killed(writers[0])
    assert len(list(tmp_path.iterdir())) == 2
    write_text(tmp_path / "a", "whole")
    assert (tmp_path / "a").read_text() == "whole"
    assert len(list(tmp_path.iterdir())) == 2  # the file, and what the living one writes
    killed(writers[1])


def test_names_as_long_as_a_file_system_takes_can_be_written(tmp_path):
    write_text(tmp_path / ("ü" * 120), "x")
    assert len(list(tmp_path.iterdir())) == 1


HOLD = "import sys, time; from pathlib import Path; from litmus.disk import locked\n"
HOLD += "with locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"


def test_a_second_process_is_told_who_holds_a_lock_and_takes_it_over_after_a_kill(tmp_path):
    other = start(HOLD, str(tmp_path))
    assert other.stdout.readline() == "held\n"
    assert holder(tmp_path)["pid"] == other.pid
    predicted = rf"process {other.pid} on \S+ works in it since 20\d\d-\S+; wait"
    with pytest.raises(CheckpointError, match=predicted), locked(tmp_path):
        pass
    killed(other)
    assert holder(tmp_path) is None
    with locked(tmp_path):
        assert holder(tmp_path)["pid"] == os.getpid()
    assert list(tmp_path.iterdir()) == []


def test_a_lock_keeps_out_the_same_process_too(tmp_path):
    with locked(tmp_path), pytest.raises(CheckpointError, match="works in it"), locked(tmp_path):
        pass


def test_a_forked_worker_does_not_hold_its_parents_lock(tmp_path):
    code = "import os, sys, time; from pathlib import Path; from litmus.disk import locked\n"
    code += "with locked(Path(sys.argv[1])):\n if not os.fork(): time.sleep(15); os._exit(0)\n"
    code += " print('forked', flush=True); os.kill(os.getpid(), 9)"
    parent = start(code, str(tmp_path))
    assert parent.stdout.readline() == "forked\n"
    assert parent.wait() == -9
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while holder(tmp_path) is not None:  # the worker forgets at once, though perhaps after its parent's end
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_many_processes_that_wait_for_a_lock_go_one_after_another(tmp_path):
    count = tmp_path / "count"
    count.write_text("0")
    code = "import sys; from pathlib import Path; from litmus.disk import locked\nplace = Path(sys.argv[1])\n"
    code += "for _ in range(50):\n with locked(place, wait=True):\n"
    code += "  n = int((place / 'count').read_text()); (place / 'count').write_text(str(n + 1))"
    others = [start(code, str(tmp_path)) for _ in range(6)]
    for other in others:
        other.communicate()
        assert other.returncode == 0
    assert count.read_text() == "300"
    assert [path.name for path in tmp_path.iterdir()] == ["count"]


def test_a_lock_whose_holder_left_no_word_is_still_a_lock(tmp_path):
    with locked(tmp_path):
        Path(tmp_path / ".lock").write_text(json.dumps([1]))
        with pytest.raises(CheckpointError, match="another process works in it"), locked(tmp_path):
            pass
