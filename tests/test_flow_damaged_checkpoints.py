"""Whatever has happened to a checkpoint file, reading it ends in one clear line, or in the same model."""

import contextlib
import io
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from litmus.cli import main
from litmus.engine.checkpoint import DIGEST, digest, load, save
from litmus.errors import MAX_CHARACTERS, CheckpointError, InputError
from litmus.run import Predictor, Run

BLOCK = 512


def flipped(raw: bytearray, rng: random.Random) -> None:
    for _ in range(rng.choice([1, 1, 8])):
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)


def cut(raw: bytearray, rng: random.Random) -> None:
    del raw[rng.randrange(len(raw)) :]


def headless(raw: bytearray, rng: random.Random) -> None:
    del raw[: rng.randrange(1, len(raw))]


def zeroed(raw: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(raw))
    raw[start : start + BLOCK] = bytes(len(raw[start : start + BLOCK]))


def scrambled(raw: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(raw))
    raw[start : start + 16] = rng.randbytes(len(raw[start : start + 16]))


def swapped(raw: bytearray, rng: random.Random) -> None:
    one, two = (rng.randrange(len(raw) // BLOCK) * BLOCK for _ in range(2))
    raw[one : one + BLOCK], raw[two : two + BLOCK] = raw[two : two + BLOCK], raw[one : one + BLOCK]


def grown(raw: bytearray, rng: random.Random) -> None:
    raw[(start := rng.randrange(len(raw))) : start] = rng.randbytes(rng.randrange(1, 2 * BLOCK))


def pickle_flipped(raw: bytearray, rng: random.Random) -> None:
    """A few other bytes in the pickle itself, in an archive that is whole again, with right checksums."""
    content, packed = zipfile.ZipFile(io.BytesIO(bytes(raw))), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in content.namelist():
            inside = bytearray(content.read(name))
            if name.endswith("data.pkl"):
                for _ in range(rng.choice([1, 1, 1, 4])):
                    inside[rng.randrange(len(inside))] = rng.randrange(256)
            archive.writestr(name, bytes(inside))
    raw[:] = packed.getvalue()


DAMAGES = (flipped, cut, headless, zeroed, scrambled, swapped, grown, pickle_flipped)


@pytest.fixture(scope="module", params=["best.ckpt", "last.ckpt"])
def whole(trained: Path, request: pytest.FixtureRequest) -> Path:
    return trained / "checkpoints" / request.param


def reads(path: Path) -> dict[str, Any] | str:
    """What the file holds, or the one line that says why it cannot be read."""
    try:
        Predictor.restore(path)
        return load(path)
    except CheckpointError as error:
        return str(error)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_file_is_refused_in_one_line_or_read_unchanged(whole, tmp_path, damage):
    original, raw, path = digest(load(whole)), whole.read_bytes(), tmp_path / "a.ckpt"
    rng = random.Random(f"{damage.__name__} {whole.name}")
    refused = 0
    for _ in range(12):
        changed = bytearray(raw)
        damage(changed, rng)
        path.write_bytes(changed)
        result = reads(path)
        if isinstance(result, str):
            assert result.startswith(f"{path}: ")
            assert "\n" not in result
            assert len(result) <= MAX_CHARACTERS
            refused += 1
        else:
            assert digest(result) == original
    assert refused


def other_archives(raw: bytes) -> Iterator[bytes]:
    """Archives that are none of ours: documents, torch's other formats, parts of a checkpoint."""
    content = zipfile.ZipFile(io.BytesIO(raw))
    for names in (["word/document.xml"], ["data.pkl"], ["archive/data.pkl", "archive/version"], []):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name in names:
                archive.writestr(name, b"\x80\x02}q\x00.")
        yield packed.getvalue()
    for left_out in content.namelist()[:6]:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in content.namelist():
                if name != left_out:
                    archive.writestr(name, content.read(name))
        yield packed.getvalue()
    for value in ([1, 2], torch.zeros(3), {"litmus": {}}, {"litmus": None, DIGEST: 7}, {1: 2}, "text"):
        written = io.BytesIO()
        torch.save(value, written)
        yield written.getvalue()
    scripted = io.BytesIO()
    torch.save({"litmus": torch.nn.Linear(1, 1)}, scripted)
    yield scripted.getvalue()


def test_other_archives_are_refused_in_one_line(whole, tmp_path):
    for number, raw in enumerate(other_archives(whole.read_bytes())):
        path = tmp_path / f"{number}.ckpt"
        path.write_bytes(raw)
        result = reads(path)
        assert isinstance(result, str) or digest(result) == digest(load(whole))


def everywhere(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every value in a checkpoint, four levels deep."""
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        if len(path) < 3:
            yield from everywhere(item, (*path, key))


def replaced(content: dict[str, Any], place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """A copy with `value` at one place."""

    def copy(node: Any, rest: tuple[Any, ...]) -> Any:
        if not rest:
            return value
        if isinstance(node, dict):
            return {key: copy(item, rest[1:]) if key == rest[0] else item for key, item in node.items()}
        return [copy(item, rest[1:]) if key == rest[0] else item for key, item in enumerate(node)]

    return copy(content, place)


WRONG = (None, "text", -1, [], {}, torch.zeros(2))


def test_content_of_wrong_types_under_a_right_digest_raises_nothing_but_our_own_errors(whole, tmp_path):
    content = load(whole)
    rng = random.Random(f"types {whole.name}")
    places = list(everywhere({"litmus": content["litmus"], "state_dict": content["state_dict"]}))
    for place in rng.sample(places, min(30, len(places))):
        save(replaced(content, place, rng.choice(WRONG)), tmp_path / "a.ckpt")
        with contextlib.suppress(InputError):
            Predictor.restore(tmp_path / "a.ckpt")


def test_the_command_line_refuses_a_damaged_checkpoint_with_status_2(whole, tmp_path, capsys):
    (tmp_path / "a.ckpt").write_bytes(whole.read_bytes()[:-100])
    assert main(["predict", "checkpoint=a.ckpt", "input=x.csv", "output=y.csv"]) == 2
    assert capsys.readouterr().err.startswith("error: a.ckpt: not a readable checkpoint")


@pytest.mark.parametrize("place", ["loops", "optimizer_states", "callbacks", "curves", "state_dict"])
def test_a_run_whose_stored_state_does_not_fit_is_not_resumed(trained, tmp_path, place):
    from litmus.config import RunConfig, read, to_plain

    content = load(trained / "checkpoints" / "last.ckpt")
    wrong: Callable[[Any], Any] = lambda value: [value] if isinstance(value, dict) else {"a": value}  # noqa: E731
    save({**content, place: wrong(content[place])}, tmp_path / "last.ckpt")
    run = Run.build(RunConfig(to_plain(read(trained / "config.yaml"))), tmp_path / "run")
    with pytest.raises(CheckpointError, match=r"last\.ckpt: its state does not fit this run"):
        run.fit(resume=tmp_path / "last.ckpt")
