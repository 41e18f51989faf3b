"""Checkpoint files: plain types and tensors, written whole or not at all, and refused when a bit has flipped."""

import hashlib
import os
import pickle
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, final

import torch
from lightning.fabric.plugins.io.checkpoint_io import CheckpointIO
from torch import Tensor

from litmus.errors import CheckpointError

DIGEST = "digest"
TEMPORARY = re.compile(r"\.(?P<name>.+)\.\d+\.part")


def save(checkpoint: Mapping[str, Any], path: Path) -> None:
    """Writes `checkpoint` with its digest beside `path` and renames it into place; survives a kill at any moment.

    Raises:
        OSError: The folder cannot be written or the disk is full; the previous file still stands.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    clear_remains(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            torch.save({**checkpoint, DIGEST: digest(checkpoint)}, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def clear_remains(path: Path) -> None:
    """Removes what killed writers of `path` left beside it."""
    for part in path.parent.glob(f".{path.name}.*.part"):
        if TEMPORARY.fullmatch(part.name):
            part.unlink(missing_ok=True)


HANDED_OVER = ".temp.ckpt"  # bare weights, as Lightning hands them from its worker processes to the one that waits


def load(path: Path) -> dict[str, Any]:
    """The checkpoint at `path`, on the CPU, its digest verified.

    Raises:
        CheckpointError: It is missing, not ours, damaged, or holds more than plain types and tensors.
    """
    if path.is_file() and not zipfile.is_zipfile(path):  # torch would try its old formats, and fail in many ways
        raise CheckpointError(f"{path}: not a readable checkpoint (no zip archive); use another one")
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such checkpoint; give a .ckpt file, a run directory or last") from None
    except IsADirectoryError:
        raise CheckpointError(f"{path}: is a folder without a checkpoint; give a run directory") from None
    except pickle.UnpicklingError:
        raise CheckpointError(f"{path}: not a checkpoint of plain types and tensors; it was not loaded") from None
    except (RuntimeError, EOFError, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise CheckpointError(f"{path}: not a readable checkpoint ({type(error).__name__}); use another one") from None
    if not isinstance(checkpoint, dict) or ("litmus" not in checkpoint and path.name != HANDED_OVER):
        raise CheckpointError(f"{path}: not a checkpoint of litmus; train one with litmus train")
    if checkpoint.pop(DIGEST, None) != digest(checkpoint):
        raise CheckpointError(f"{path}: damaged, its content does not match its digest; use last.ckpt or train again")
    return checkpoint


def digest(value: Any) -> str:
    """SHA-256 in hexadecimal digits over the content, whatever the order in which a file stores it."""
    sha = hashlib.sha256()
    _feed(sha, value)
    return sha.hexdigest()


def _feed(sha: Any, value: Any) -> None:
    if isinstance(value, Tensor):
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
    """The Trainer's door to `save` and `load`.

    Args:
        settle: What is done to a checkpoint that was loaded.
    """

    def __init__(self, settle: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self.settle = settle

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        save(checkpoint, Path(path))

    def load_checkpoint(self, path: Any, map_location: Any = None, weights_only: bool | None = None) -> dict[str, Any]:
        return self.settle(load(Path(path)))

    def remove_checkpoint(self, path: Any) -> None:
        Path(path).unlink(missing_ok=True)
