"""Checkpoint files: plain types and tensors, written whole or not at all, and refused when a bit has flipped."""

import hashlib
import pickle
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, cast, final

import torch
from lightning.fabric.plugins.io.checkpoint_io import CheckpointIO
from torch import Tensor

from litmus.disk import replacing
from litmus.errors import CheckpointError

DIGEST = "digest"
SCALARS = (float, int, str, bool, type(None))
PLAIN = (*SCALARS, Tensor, bytes, complex, torch.Size, torch.dtype, torch.device)


def save(checkpoint: Mapping[str, Any], path: Path) -> None:
    """Writes `checkpoint` with its digest beside `path` and renames it into place; survives a kill at any moment.

    Raises:
        OSError: The folder cannot be written or the disk is full; the previous file still stands.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, durable=True) as part, part.open("wb") as file:
        _write({**checkpoint, DIGEST: digest(checkpoint)}, cast("IO[bytes]", file))


def _write(content: dict[str, Any], file: IO[bytes]) -> None:
    """Torch's archive; a full disk stays the OSError that it is, which torch would cover by one about its archive."""
    watched = _Watched(file)
    try:
        torch.save(content, cast("IO[bytes]", watched))
    except RuntimeError as error:
        if watched.error is not None:
            raise watched.error from error
        raise


@final
class _Watched:
    """A file for torch to write to, which remembers what the system said when it failed."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.error: OSError | None = None

    def write(self, data: Any) -> int:
        try:
            return self.file.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self.file.flush()


HANDED_OVER = ".temp.ckpt"  # bare weights, as Lightning hands them from its worker processes to the one that waits


def load(path: Path) -> dict[str, Any]:
    """The checkpoint at `path`, on the CPU, its digest verified.

    Raises:
        CheckpointError: It is missing, not ours, damaged, or holds more than plain types and tensors.
    """
    if path.is_dir():
        raise CheckpointError(f"{path}: is a folder without a checkpoint; give a run directory")
    if not path.is_file():
        what = "is no regular file" if path.exists() else "no such checkpoint"
        raise CheckpointError(f"{path}: {what}; give a .ckpt file, a run directory or last")
    try:
        checkpoint = _read(path)
    except pickle.UnpicklingError:
        raise CheckpointError(f"{path}: not a checkpoint of plain types and tensors; it was not loaded") from None
    except Exception as error:  # noqa: BLE001  # there is no end to what torch's readers raise on damaged files
        raise CheckpointError(f"{path}: not a readable checkpoint ({type(error).__name__}); use another one") from None
    if not isinstance(checkpoint, dict) or ("litmus" not in checkpoint and path.name != HANDED_OVER):
        raise CheckpointError(f"{path}: not a checkpoint of litmus; train one with litmus train")
    if checkpoint.pop(DIGEST, None) != digest(checkpoint):
        raise CheckpointError(f"{path}: damaged, its content does not match its digest; use last.ckpt or train again")
    return checkpoint


def _read(path: Path) -> Any:
    """What the file holds, whatever it is."""
    if not zipfile.is_zipfile(path):  # torch would try its old formats, and fail in many ways
        raise zipfile.BadZipFile
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it finds odd, which is judged here
        return torch.load(path, map_location="cpu", weights_only=True)


def digest(value: Any) -> str:
    """SHA-256 in hexadecimal digits over the content, whatever the order in which a file stores it."""
    sha = hashlib.sha256()
    _feed(sha, value)
    return sha.hexdigest()


def _feed(sha: Any, value: Any) -> None:
    if type(value) in SCALARS:  # most of them, and what an abstract class would be asked about last
        sha.update(repr(value).encode(errors="surrogatepass"))
    elif isinstance(value, Tensor):
        sha.update(f"tensor {value.dtype} {tuple(value.shape)} ".encode())
        flat = value.detach().cpu().contiguous().reshape(-1)
        sha.update(flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b"")
    elif isinstance(value, Mapping):
        sha.update(f"mapping {len(value)} ".encode())
        for key, item in value.items():
            sha.update(repr(key).encode())
            _feed(sha, item)
    elif isinstance(value, (list, tuple)):
        sha.update(f"sequence {len(value)} ".encode())
        for item in value:
            _feed(sha, item)
    else:
        sha.update(repr(value).encode(errors="surrogatepass"))


@final
class AtomicCheckpointIO(CheckpointIO):
    """How Lightning's Trainer saves and loads: by `save` and `load`."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        save(readable(checkpoint), Path(path))

    def load_checkpoint(self, path: Any, map_location: Any = None, weights_only: bool | None = None) -> dict[str, Any]:
        return between_batches(load(Path(path)))

    def remove_checkpoint(self, path: Any) -> None:
        Path(path).unlink(missing_ok=True)


def readable(checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """A checkpoint without what `load` would refuse: hyper-parameters and states of users that hold objects.

    An object takes with it the entry that it lies in, of a mapping at the top or one below.
    """
    kept: dict[str, Any] = {}
    for key, value in checkpoint.items():
        if _is_plain(value):
            kept[key] = value
        elif isinstance(value, Mapping):
            kept[key] = {name: item for name, item in value.items() if _is_plain(name) and _is_plain(item)}
    return kept


def _is_plain(value: Any) -> bool:
    if type(value) in PLAIN:
        return True
    if isinstance(value, Mapping):
        return all(map(_is_plain, value.keys())) and all(map(_is_plain, value.values()))
    if type(value) in {list, tuple, set}:
        return all(map(_is_plain, value))
    return isinstance(value, Tensor)


def between_batches(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """A checkpoint that was saved in a hook, with the progress of a loop that is between two batches or two epochs.

    Lightning resumes wrongly from inside a hook: the second time in one epoch, and after an epoch under max_steps.
    What another release of it stores in another way is left as it is.
    """
    try:
        loop = checkpoint["loops"]["fit_loop"]
        epochs, batches = loop["epoch_progress"], loop["epoch_loop.batch_progress"]
        ended = epochs["current"]["processed"] == epochs["current"]["started"]
        done = {"total": batches["total"]["processed"], "current": 0 if ended else batches["current"]["processed"]}
    except KeyError:
        return checkpoint
    for count in epochs.values():
        count.update(completed=count["processed"])
    batches["is_last_batch"] = False
    for part, value in done.items():
        batches[part].update(dict.fromkeys(batches[part], value))
    return checkpoint
