"""Files that are written whole or not at all, and locks on places that end with the process that holds them."""

import fcntl
import json
import os
import platform
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from litmus.errors import CheckpointError

LOCK = ".lock"
LONGEST = 100  # characters of a file's name in its temporary's: file systems end at 255 bytes
_TEMPORARY = re.compile(r"\..*\.(?P<host>[^.]*)\.(?P<process>\d+)\.[0-9a-f]{6}\.part", re.DOTALL)
_held: set[int] = set()


@contextmanager
def replacing(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """A temporary file or folder beside `path`, which takes its place when the block ends well and goes when it fails.

    A reader, or whoever comes after a kill, finds the old content or the new one, never a part. What killed writers
    left in its folder is removed.

    Args:
        path: In a folder that exists. Where it is a folder, it must be empty or not there.
        durable: Whether the new content is to survive a power failure from then on, which costs some milliseconds.

    Raises:
        OSError: It cannot be written, or the disk is full; the old content still stands, and the error names `path`.
    """
    _clear_remains(path.parent)
    part = path.with_name(f"{_start(path)}{_host()}.{os.getpid()}.{secrets.token_hex(3)}.part")
    try:
        yield part
        if durable:
            _sync(part)
        part.replace(path)
        if durable:
            _sync(path.parent)
    except OSError as error:
        if error.errno is not None and error.filename in {None, str(part), part}:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    finally:
        with suppress(OSError):  # a folder that may not be written to holds no temporary either
            _remove(part)


def write_text(path: Path, text: str, *, durable: bool = False) -> None:
    """Writes a text file as `replacing` does; line ends stay as they are."""
    with replacing(path, durable=durable) as part:
        part.write_text(text, encoding="utf-8", newline="")


def write_bytes(path: Path, content: bytes, *, durable: bool = False) -> None:
    """Writes a file as `replacing` does."""
    with replacing(path, durable=durable) as part:
        part.write_bytes(content)


def new_folder(parent: Path) -> Path:
    """A folder named by the time, which nobody else has; its parents are made."""
    parent.mkdir(parents=True, exist_ok=True)
    name = f"{datetime.now().astimezone():%Y-%m-%d_%H-%M-%S}"
    for number in count(1):
        place = parent / (name if number == 1 else f"{name}_{number}")
        with suppress(FileExistsError):
            place.mkdir()
            break
    return place


@contextmanager
def locked(place: Path, file: str = LOCK, *, wait: bool = False) -> Iterator[None]:
    """Keeps other processes out of a folder for as long as the block runs; a process that dies lets go of it.

    The lock is advisory: it stops whoever takes it, and no reader. It works between the processes of a machine, and
    between machines where their common file system has locks; where it has none, nobody is kept out.

    Args:
        place: A folder.
        file: Name of the file in it that is locked; it is there only while somebody holds it, or after a kill.
        wait: Whether to wait until it is free.

    Raises:
        CheckpointError: Somebody holds it, and `wait` is not set.
    """
    path = place / file
    handle = _locked(path, wait=wait)
    if handle is None:
        yield
        return
    try:
        yield
    finally:
        path.unlink(missing_ok=True)  # before it is let go: who waits for this file will see that it is another
        _held.discard(handle)
        os.close(handle)


def holder(place: Path, file: str = LOCK) -> dict[str, Any] | None:
    """Who holds the lock on a folder: `pid`, `host` and `since`, as far as is known; None if nobody does."""
    path = place / file
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            known = {}
        return known if isinstance(known, dict) else {}
    except OSError:  # a file system without locks
        return None
    finally:
        os.close(handle)
    return None


def _locked(path: Path, *, wait: bool) -> int | None:
    """An open file that is locked, and that still stands at `path`; None where the file system has no locks."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(handle)
            raise CheckpointError(f"{path.parent}: {_who(path.parent, path.name)}; wait for it, or stop it") from None
        except OSError:
            os.close(handle)
            return None
        except BaseException:  # a signal while it waits
            os.close(handle)
            raise
        if _is_at(handle, path):
            break
        os.close(handle)  # whoever held it has removed it meanwhile
    _let_go_in_children()
    _held.add(handle)
    since = datetime.now(UTC).isoformat(timespec="seconds")
    with suppress(OSError):  # a full disk: the lock holds all the same
        os.truncate(handle, 0)
        os.write(handle, json.dumps({"pid": os.getpid(), "host": platform.node(), "since": since}).encode())
    return handle


def _who(place: Path, file: str) -> str:
    known = holder(place, file) or {}
    if "pid" not in known:
        return "another process works in it"
    return f"process {known['pid']} on {known.get('host')} works in it since {known.get('since')}"


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


@cache
def _let_go_in_children() -> None:
    """A forked worker that outlives its parent must not hold the parent's locks."""

    def forget() -> None:
        for handle in _held:
            with suppress(OSError):
                os.close(handle)
        _held.clear()

    os.register_at_fork(after_in_child=forget)


def _start(path: Path) -> str:
    """How the names of a file's temporaries begin."""
    return f".{path.name[:LONGEST].encode()[:LONGEST].decode(errors='ignore')}."


@cache
def _host() -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "-", platform.node())[:40] or "localhost"


def _clear_remains(folder: Path) -> None:
    """Removes what writers left in a folder that were killed on this machine."""
    with suppress(OSError):
        for path in folder.glob(".*.part"):
            found = _TEMPORARY.fullmatch(path.name)
            if found and found["host"] == _host() and not _is_alive(int(found["process"])):
                _remove(path)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
