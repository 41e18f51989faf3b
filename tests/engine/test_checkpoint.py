"""Checkpoint files: whole, of plain content, and refused when they are not."""

import pickle
from collections import OrderedDict
from functools import partial

import pytest
import torch

from litmus.engine.checkpoint import AtomicCheckpointIO, between_batches, digest, load, save
from litmus.errors import CheckpointError

CONTENT = {"litmus": {"version": 1, "classes": ("a", "b")}, "state_dict": {"w": torch.arange(6.0).view(2, 3)}}


def test_what_is_saved_is_loaded(tmp_path):
    save(CONTENT, tmp_path / "a.ckpt")
    loaded = load(tmp_path / "a.ckpt")
    torch.testing.assert_close(loaded["state_dict"], CONTENT["state_dict"], rtol=0, atol=0)
    assert loaded["litmus"] == CONTENT["litmus"]


def test_nothing_but_the_file_is_left(tmp_path):
    save(CONTENT, tmp_path / "a.ckpt")
    assert [path.name for path in tmp_path.iterdir()] == ["a.ckpt"]


def test_a_failed_write_keeps_the_file_before(tmp_path, monkeypatch):
    save(CONTENT, tmp_path / "a.ckpt")
    before = (tmp_path / "a.ckpt").read_bytes()

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="No space"):
        save({**CONTENT, "more": 1}, tmp_path / "a.ckpt")
    assert (tmp_path / "a.ckpt").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_a_flipped_bit_in_a_weight_is_refused(tmp_path):
    path = tmp_path / "a.ckpt"
    save(CONTENT, path)
    raw = bytearray(path.read_bytes())
    weights = CONTENT["state_dict"]["w"].numpy().tobytes()
    raw[raw.index(weights) + 1] ^= 4
    path.write_bytes(raw)
    with pytest.raises(CheckpointError, match=r"a\.ckpt: (damaged|not a readable)"):
        load(path)


@pytest.mark.parametrize("size", [0, 10, 600])
def test_a_torn_file_is_refused(tmp_path, size):
    path = tmp_path / "a.ckpt"
    save(CONTENT, path)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(CheckpointError, match=r"a\.ckpt"):
        load(path)


class Planted:
    """Would run code if it were unpickled."""

    def __reduce__(self):
        return (exec, ("raise SystemExit('ran')",))


def test_a_checkpoint_with_code_in_it_is_not_run(tmp_path):
    torch.save({"litmus": Planted()}, tmp_path / "a.ckpt")
    with pytest.raises(CheckpointError, match="plain types and tensors"):
        load(tmp_path / "a.ckpt")
    (tmp_path / "b.ckpt").write_bytes(pickle.dumps(Planted(), protocol=2))
    with pytest.raises(CheckpointError, match=r"b\.ckpt"):
        load(tmp_path / "b.ckpt")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "no such checkpoint"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: path.write_text("hello"), "a.ckpt"),
        (lambda path: torch.save({"state_dict": {}}, path), "not a checkpoint of litmus"),
        (lambda path: torch.save(CONTENT, path), "does not match its digest"),
        (lambda path: path.write_text("root:x:0:0:root:/root:/bin/bash\n"), "not a readable checkpoint"),
        (lambda path: path.write_bytes(b""), "not a readable checkpoint"),
    ],
    ids=["missing", "folder", "text", "somebody else's", "no digest", "colons", "empty"],
)
def test_what_is_no_checkpoint_is_named(tmp_path, make, message):
    make(tmp_path / "a.ckpt")
    with pytest.raises(CheckpointError, match=message):
        load(tmp_path / "a.ckpt")


def test_the_digest_tells_shapes_types_and_order_apart():
    same = [{"a": torch.zeros(2, 3)}, {"a": torch.zeros(2, 3)}]
    others = [
        {"a": torch.zeros(3, 2)},
        {"a": torch.zeros(2, 3).double()},
        {"b": torch.zeros(2, 3)},
        {"a": torch.zeros(2, 3), "b": 1},
        {"a": [0.0] * 6},
        {"a": torch.full((2, 3), 1e-30)},
    ]
    assert digest(same[0]) == digest(same[1])
    assert len({digest(content) for content in [same[0], *others]}) == 1 + len(others)


def test_progress_that_another_release_stores_in_another_way_is_left_as_it_is():
    checkpoint = {"loops": {"fit_loop": {"epoch_progress": {"current": {"done": 1}}}}}
    assert between_batches(checkpoint) == {"loops": {"fit_loop": {"epoch_progress": {"current": {"done": 1}}}}}


def test_objects_that_users_put_into_a_checkpoint_are_left_out_and_the_rest_is_read(tmp_path):
    hyper = {"lr": 0.1, "optimizer": partial(print), "net": torch.nn.Linear(1, 1)}
    held = {"litmus": {}, "state_dict": OrderedDict(w=torch.ones(2)), "hyper_parameters": hyper, "vocab": object()}
    AtomicCheckpointIO().save_checkpoint({**held, "names": ["a"]}, tmp_path / "a.ckpt")
    found = load(tmp_path / "a.ckpt")
    assert found["hyper_parameters"] == {"lr": 0.1}
    assert found["names"] == ["a"]
    assert torch.equal(found["state_dict"]["w"], torch.ones(2))
    assert "vocab" not in found
