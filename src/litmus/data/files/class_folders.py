"""Class folders: a folder for each class, or train, val and test folders of them, for images and for texts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from litmus.config.command_words import path_of
from litmus.data.files.content import near_file
from litmus.data.rows import Origin, Rows
from litmus.errors import DataError, quote

Kind = Literal["image", "text"]
SUFFIXES: dict[Kind, tuple[str, ...]] = {
    "image": (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm", ".tga"),
    "text": (".txt",),
}
CLUTTER = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx"})
SPLIT_FOLDERS = {
    "train": "",  # free: val is taken from it where there is none, and so is test
    "training": "",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}


@dataclass(frozen=True)
class Entry:
    """One file of a class folder.

    Args:
        file: Where it is.
        name: Its path below the folder that the user named, with forward slashes.
        label: Its class; None where it has none.
        split: As in `Rows.split`.
    """

    file: Path
    name: str
    label: str | None = None
    split: str = ""


def scan_both(path: str, test_path: str | None, kind: Kind) -> tuple[list[Entry], tuple[str, ...]]:
    """As `scan`, followed by the files of `test_path`, which are test rows."""
    entries, notes = scan(path, kind)
    if test_path is None:
        return entries, notes
    if any(entry.split == "test" for entry in entries):
        raise DataError(f"has a test folder already; leave out data.test_path={test_path}", file=path)
    more, more_notes = scan(test_path, kind, training=False)
    folder = Path(test_path).name
    tests = [replace(entry, name=f"{folder}/{entry.name}", split="test") for entry in more]
    return [*entries, *tests], (*notes, *more_notes)


def scan_any(path: str, kind: Kind, *, labelled: bool) -> tuple[list[Entry], tuple[str, ...]]:
    """New files like those trained on: class folders or, without labels, a single file or a folder of files."""
    root = path_of(path)
    if root.is_file() and not labelled:
        return [Entry(root, root.name)], ()
    _check_folder(root, kind)
    if labelled or not _loose(root, kind):
        return scan(path, kind, training=False)
    return [Entry(file, file.relative_to(root).as_posix()) for file in _files(root)], ()


def scan(path: str, kind: Kind, *, training: bool = True) -> tuple[list[Entry], tuple[str, ...]]:
    """All files of class folders in the order of their names, and notes.

    Args:
        path: Folder of class folders, or of split folders.
        kind: What the files hold.
        training: Refuse a single class and empty class folders.

    Raises:
        DataError: The folder is missing or not laid out so.
    """
    root = path_of(path)
    _check_folder(root, kind)
    folders = _folders(root)
    official = _is_official(folders, kind)
    notes = list(_beside(root, kind))
    entries: list[Entry] = []
    for folder in folders if official else [root]:
        split = SPLIT_FOLDERS[folder.name.lower()] if official else ""
        notes += _beside(folder, kind) if official else ()
        for home in _folders(folder):
            members = [Entry(file, file.relative_to(root).as_posix(), home.name, split) for file in _files(home)]
            if not members and training:
                raise DataError(f"the class folder holds no {kind}s; remove it or add some", file=home)
            entries += members
    if official:
        notes.append(f"official splits of {path} are kept: {', '.join(folder.name for folder in folders)}")
    _check_classes(entries, path, kind, training=training)
    return sorted(entries, key=lambda entry: entry.name), tuple(notes)


def rows_of_files(
    entries: Sequence[Entry], inputs: NDArray[Any] | list[str], *, path: str, sha256: str, notes: Sequence[str]
) -> Rows:
    """The rows of files whose content is `inputs`; the target is `class` where every file has one."""
    labels = [entry.label for entry in entries]
    splits = np.array([entry.split for entry in entries])
    return Rows(
        inputs=inputs,
        target=None if None in labels else pl.Series("class", labels, dtype=pl.String),
        numbers=np.arange(len(entries)),
        origin=Origin(path=path, sha256=sha256, rows=len(entries)),
        split=splits if splits.astype(bool).any() else None,
        names=tuple(entry.name for entry in entries),
        notes=tuple(notes),
    )


def _layout(kind: Kind) -> str:
    sample = SUFFIXES[kind][0]
    return f"expected <folder>/<class>/<name>{sample}, or train, val and test folders of such class folders"


def _check_folder(root: Path, kind: Kind) -> None:
    if not root.exists():
        raise DataError(f"no such folder; {near_file(str(root))}", file=root)
    if not root.is_dir():
        raise DataError(f"a file, not a folder of {kind}s; {_layout(kind)}", file=root)


def _check_classes(entries: Sequence[Entry], path: str, kind: Kind, *, training: bool) -> None:
    labels = sorted({entry.label or "" for entry in entries})
    if not entries:
        raise DataError(f"no class folders with {kind}s; {_layout(kind)}", file=path)
    if training and len(labels) == 1:
        raise DataError(
            f"only one class folder, {quote(labels[0])}, and two are needed; where it holds the class folders itself, "
            f"use data.path={Path(path) / labels[0]}",
            file=path,
        )


def _visible(folder: Path) -> list[Path]:
    """The visible entries of a folder, sorted by name; raises DataError where it may not be read."""
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except PermissionError as error:
        raise DataError("the folder may not be read (permission denied)", file=folder) from error
    return [entry for entry in entries if not entry.name.startswith(".") and entry.name.lower() not in CLUTTER]


def _folders(folder: Path) -> list[Path]:
    return [entry for entry in _visible(folder) if entry.is_dir()]


def _files(folder: Path) -> Iterator[Path]:
    """All files of a folder and of the folders below it."""
    for entry in _visible(folder):
        if entry.is_symlink():
            _check_link(entry)
        if entry.is_dir():
            yield from _files(entry)
        else:
            yield entry


def _check_link(link: Path) -> None:
    """Raises DataError for a broken link and for one to a folder that contains it."""
    if not link.exists():
        raise DataError("a broken link; remove it, or restore the file", file=link)
    if link.parent.resolve().is_relative_to(link.resolve()):
        raise DataError("a link to a folder that it is in itself; remove it", file=link)


def _loose(folder: Path, kind: Kind) -> list[Path]:
    """The files of the kind directly in the folder, which have no class."""
    return [entry for entry in _visible(folder) if entry.is_file() and entry.suffix.lower() in SUFFIXES[kind]]


def _is_official(folders: Sequence[Path], kind: Kind) -> bool:
    """Whether the folders are splits: all have such names, train among them, and hold folders.

    Raises:
        DataError: Some hold class folders and some do not.
    """
    names = [folder.name.lower() for folder in folders]
    known = len(names) > 1 and all(name in SPLIT_FOLDERS for name in names)
    flat = [folder for folder in folders if not _folders(folder)]
    if not known or all(SPLIT_FOLDERS[name] for name in names) or len(flat) == len(folders):
        return False
    if flat:
        raise DataError(f"this {flat[0].name} folder holds no class folders; {_layout(kind)}", file=flat[0])
    return True


def _beside(folder: Path, kind: Kind) -> Iterator[str]:
    """A line on other files beside class folders; raises DataError for files of the kind, which would be lost."""
    if loose := _loose(folder, kind):
        where = "beside the class folders" if _folders(folder) else "outside any class folder"
        raise DataError(f"the {kind} stands {where} and has no class; {_layout(kind)}", file=loose[0])
    if files := [entry for entry in _visible(folder) if entry.is_file()]:
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        yield f"{folder}: left out beside the class folders: {quote(files[0].name)}{more}"
