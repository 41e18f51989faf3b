"""Image files to rows of one size, colour and depth."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from litmus.data.base import Rows
from litmus.data.folder import Entry, rows_of, scan_any
from litmus.data.picture import Header, depth, fit, load, look
from litmus.data.shelf import Memory, Shelf, limit_of

LARGEST_SIDE = 256


def read_files(
    entries: Sequence[Entry],
    path: str,
    *,
    size: int | Sequence[int] | None,
    channels: int | None,
    memory: Memory = "auto",
    notes: Sequence[str] = (),
) -> Rows:
    """All images in a form that fits them.

    Args:
        entries: Files, with labels and splits where they have them.
        path: The folder as the user gave it.
        size: Height and width; None: the most frequent size, at most 256 a side.
        channels: 1 or 3; None: 1 where all images are grey.
        memory: MB that the images may take; more are kept in a file.
        notes: Said before those on the images' form.

    Raises:
        DataError: A file cannot be read in full.
    """
    headers = [look(entry) for entry in entries]
    shape, form_notes = _shape(headers, size, channels)
    return _rows(entries, headers, path, shape=shape, memory=memory, notes=(*notes, *form_notes))


def read_like(path: str, *, shape: tuple[int, int, int], labelled: bool) -> Rows:
    """Class folders, or without labels a folder of images or one image, brought to `shape`.

    Raises:
        DataError: A file cannot be read, or `labelled` and there are no class folders.
    """
    entries, notes = scan_any(path, "image", labelled=labelled)
    headers = [look(entry) for entry in entries]
    return _rows(entries, headers, path, shape=shape, notes=(*notes, *_form_notes(headers, shape)))


def _rows(
    entries: Sequence[Entry],
    headers: Sequence[Header],
    path: str,
    *,
    shape: tuple[int, int, int],
    notes: Sequence[str],
    memory: Memory = "auto",
) -> Rows:
    shelf, dtype = Shelf(limit_of(memory)), depth(headers, shape[0])
    pixels, sha256 = load(entries, shape=shape, dtype=dtype, shelf=shelf)
    rows = rows_of(entries, pixels, path=path, sha256=sha256, notes=notes)
    return rows if fit(len(entries), shape, dtype, shelf) else replace(rows, shelf=shelf)


def _shape(
    headers: Sequence[Header], size: int | Sequence[int] | None, channels: int | None
) -> tuple[tuple[int, int, int], tuple[str, ...]]:
    """Channels, height and width for all images, and notes on what that changes."""
    notes: tuple[str, ...] = ()
    counts = Counter(header.size for header in headers)
    common = max(counts, key=lambda one: (counts[one], one))
    if size is None:
        shrink = min(1.0, LARGEST_SIDE / max(common))
        height, width = (max(1, round(side * shrink)) for side in common)
        if shrink < 1:
            notes = (f"images of {common[0]} x {common[1]} are made {height} x {width}; data.size=... keeps more",)
    else:
        height, width = (size, size) if isinstance(size, int) else size
    depth_of_colour = channels or (1 if all(header.grey for header in headers) else 3)
    shape = (depth_of_colour, height, width)
    return shape, (*notes, *_form_notes(headers, shape))


def _form_notes(headers: Sequence[Header], shape: tuple[int, int, int]) -> Iterator[str]:
    """A line for each way in which images are changed to fit together."""
    channels, height, width = shape
    total = len(headers)
    if stretched := sum(header.size != (height, width) for header in headers):
        yield f"{stretched} of {total} images are not {height} x {width} (height x width): resized to it"
    if turned := sum(header.grey != (channels == 1) for header in headers):
        yield f"{turned} of {total} images are turned into {'grey' if channels == 1 else 'colour (3 channels)'}"
    if clear := sum(header.alpha for header in headers):
        yield f"{clear} of {total} images have transparency: laid on white"
    if moving := sum(header.moving for header in headers):
        yield f"{moving} of {total} images have several frames: the first one is used"
