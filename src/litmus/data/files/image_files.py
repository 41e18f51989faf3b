"""Image files to arrays of one size, colour and depth; what cannot be read in full is refused with its path."""

import hashlib
import os
import struct
import warnings
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from litmus.data.files.class_folders import Entry, rows_of_files, scan_any
from litmus.data.files.disk_store import DiskStore, Memory, memory_limit
from litmus.data.rows import Rows
from litmus.errors import DataError, quote

LARGEST_SIDE = 256
# What Pillow's decoders raise on damaged files; a decoder's own type differs from format to format.
DAMAGE = (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, OverflowError, struct.error, zlib.error)
SIXTEEN_BITS = frozenset({"I;16", "I;16B", "I;16L", "I;16N", "I"})
GREY = SIXTEEN_BITS | {"1", "L", "LA", "La", "F"}
TURNED = frozenset({5, 6, 7, 8})
ORIENTATION = 0x0112
COPIES = 3  # of all images while they are prepared: as read, those to fit on, and the splits


@dataclass(frozen=True)
class Header:
    """What an image file's header tells before its pixels are decoded.

    Args:
        size: Height and width as shown, after its EXIF orientation.
        grey: Whether it has no colour, by its mode or its palette.
        mode: Pillow's mode.
        alpha: Whether it has transparency.
        moving: Whether it has more than one frame.
    """

    size: tuple[int, int]
    grey: bool
    mode: str
    alpha: bool
    moving: bool


def read_files(
    entries: Sequence[Entry],
    path: str,
    *,
    size: int | Sequence[int] | None,
    channels: int | None,
    memory: Memory = "auto",
    notes: Sequence[str] = (),
) -> Rows:
    """All images as rows of one size, colour and depth.

    Args:
        entries: Files, with labels and splits where they have them.
        path: The folder as the user gave it.
        size: Height and width; None: the most frequent size, at most 256 a side.
        channels: 1 or 3; None: 1 where all images are grey.
        memory: MB that the images may take; more are kept in a file.
        notes: Put before those on the form of the images.

    Raises:
        DataError: A file cannot be read in full.
    """
    headers = [read_header(entry) for entry in entries]
    shape, form_notes = _shape(headers, size, channels)
    return _rows(entries, headers, path, shape=shape, memory=memory, notes=(*notes, *form_notes))


def read_like(path: str, *, shape: tuple[int, int, int], labelled: bool) -> Rows:
    """Class folders, or without labels a folder of images or one image, brought to `shape`.

    Raises:
        DataError: A file cannot be read, or `labelled` and there are no class folders.
    """
    entries, notes = scan_any(path, "image", labelled=labelled)
    headers = [read_header(entry) for entry in entries]
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
    store, dtype = DiskStore(memory_limit(memory)), pixel_type(headers, shape[0])
    pixels, sha256 = decode_all(entries, shape=shape, dtype=dtype, store=store)
    rows = rows_of_files(entries, pixels, path=path, sha256=sha256, notes=notes)
    return rows if fits_in_memory(len(entries), shape, dtype, store) else replace(rows, store=store)


def _shape(
    headers: Sequence[Header], size: int | Sequence[int] | None, channels: int | None
) -> tuple[tuple[int, int, int], tuple[str, ...]]:
    """Channels, height and width for all images, and notes on what that changes."""
    notes: tuple[str, ...] = ()
    counts = Counter(header.size for header in headers)
    common = max(counts, key=lambda size: (counts[size], size))
    if size is None:
        shrink = min(1.0, LARGEST_SIDE / max(common))
        height, width = (max(1, round(side * shrink)) for side in common)
        if shrink < 1:
            notes = (f"images of {common[0]} x {common[1]} are scaled to {height} x {width}; data.size=... keeps more",)
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


def read_header(entry: Entry) -> Header:
    """The header of a file; raises DataError."""
    with _reading(entry), Image.open(entry.file) as image:
        width, height = image.size
        turned = image.getexif().get(ORIENTATION) in TURNED
        return Header(
            size=(width, height) if turned else (height, width),
            grey=image.mode in GREY or (image.mode == "P" and _has_grey_palette(image)),
            mode=image.mode,
            alpha=image.has_transparency_data and image.mode not in SIXTEEN_BITS,
            moving=bool(getattr(image, "is_animated", False)),
        )


def _has_grey_palette(image: Image.Image) -> bool:
    """Whether every colour of the palette is a grey, as in most grey GIF files."""
    colours = np.reshape(image.getpalette("RGB") or [], (-1, 3))
    return bool((colours == colours[:, :1]).all())


def pixel_type(headers: Sequence[Header], channels: int) -> type[np.generic]:
    """The type that holds all images: floats where one has floats, 16 bits where one has them and all become grey."""
    if any(header.mode == "F" for header in headers):
        return np.float32
    deep = channels == 1 and any(header.mode in SIXTEEN_BITS for header in headers)
    return np.uint16 if deep else np.uint8


def decode_all(
    entries: Sequence[Entry], *, shape: tuple[int, int, int], dtype: type[np.generic], store: DiskStore
) -> tuple[NDArray[Any], str]:
    """All images, decoded once.

    Args:
        entries: The files, at least one.
        shape: Channels, height and width that each is brought to.
        dtype: Type of the result; other depths are scaled to it.
        store: Holds the images if they do not fit into memory.

    Returns:
        `(n, channels, height, width)` and the SHA-256 of all names and files.

    Raises:
        DataError: A file cannot be read in full, or all do not fit into memory and no folder has room for them.
    """
    whole = (len(entries), *shape)
    pixels = np.empty(whole, dtype) if fits_in_memory(len(entries), shape, dtype, store) else store.empty(whole, dtype)
    digest = hashlib.sha256()

    def fill(position: int) -> bytes:
        pixels[position], content = _decode(entries[position], shape=shape, dtype=dtype)
        return content

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for entry, content in zip(entries, pool.map(fill, range(len(entries))), strict=True):
            digest.update(entry.name.encode() + b"\0" + content)
    return pixels, digest.hexdigest()


def _decode(entry: Entry, *, shape: tuple[int, int, int], dtype: type[np.generic]) -> tuple[NDArray[Any], bytes]:
    """Pixels of the given `shape`, and the SHA-256 of the file."""
    with _damage(entry):
        content = entry.file.read_bytes()
        with Image.open(BytesIO(content)) as opened:
            opened.load()
            image = ImageOps.exif_transpose(opened)
        return _arrange(image, entry, shape=shape, dtype=dtype), hashlib.sha256(content).digest()


def _arrange(image: Image.Image, entry: Entry, *, shape: tuple[int, int, int], dtype: type[np.generic]) -> NDArray[Any]:
    """The image with the given channels, size and depth; transparent parts become white."""
    channels, height, width = shape
    wide = image.mode in SIXTEEN_BITS or image.mode == "F"
    if not wide:
        if image.has_transparency_data:
            image = image.convert("RGBA")
            white = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(white, image)
        image = image.convert("L" if channels == 1 else "RGB")
        levels = 255.0
    else:
        image, levels = _wide(image, entry)
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    array = np.asarray(image).reshape(height, width, -1).transpose(2, 0, 1)
    array = np.broadcast_to(array, shape)
    return array if array.dtype == dtype else _scaled(array, levels, dtype)


def _wide(image: Image.Image, entry: Entry) -> tuple[Image.Image, float]:
    """A 16-bit or float image as floats, which Pillow can resize, and its full range."""
    values = np.asarray(image).astype(np.float32)
    if image.mode == "F":
        if not np.isfinite(values).all():
            raise DataError("the image holds NaN or infinite pixels; replace or remove it", file=entry.file)
        return Image.fromarray(values), 1.0
    if values.min() < 0 or values.max() > 65535:
        spread = f"{values.min():.0f} to {values.max():.0f}"
        raise DataError(f"pixels from {spread} do not fit into 16 bits; save it with 8 or 16 bits", file=entry.file)
    return Image.fromarray(values), 65535.0


def _scaled(array: NDArray[Any], levels: float, dtype: type[np.generic]) -> NDArray[Any]:
    """The pixels in another type, at the same share of its full range."""
    target = full_range(np.empty(0, dtype))
    values = array.astype(np.float64) * (target / levels)
    return values.astype(dtype) if target == 1 else values.round().clip(0, target).astype(dtype)


def fits_in_memory(count: int, shape: tuple[int, int, int], dtype: type[np.generic], store: DiskStore) -> bool:
    """Whether so many images fit into the memory allowed while they are prepared."""
    return COPIES * count * int(np.prod(shape)) * np.dtype(dtype).itemsize <= store.limit


def full_range(pixels: NDArray[Any]) -> float:
    """The brightest value that pixels of this type can have; 1 for floats."""
    return float(np.iinfo(pixels.dtype).max) if np.issubdtype(pixels.dtype, np.integer) else 1.0


@contextmanager
def _reading(entry: Entry) -> Iterator[None]:
    """Silences Pillow's warnings, except that of giant images, which becomes an error; not for threads."""
    with warnings.catch_warnings(), _damage(entry):
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


@contextmanager
def _damage(entry: Entry) -> Iterator[None]:
    """Turns whatever is raised on an unreadable file into a DataError with its path and a remedy."""
    try:
        yield
    except DataError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        limit = (Image.MAX_IMAGE_PIXELS or 0) // 10**6
        raise DataError(f"more than {limit} million pixels; make it smaller", file=entry.file) from error
    except PermissionError as error:
        raise DataError("the file may not be read (permission denied)", file=entry.file) from error
    except DAMAGE as error:
        raise DataError(_why(entry, error), file=entry.file) from error


def _why(entry: Entry, error: Exception) -> str:
    if entry.file.is_file() and entry.file.stat().st_size == 0:
        return "the file is empty (0 bytes); replace or remove it"
    if isinstance(error, UnidentifiedImageError):
        return "not an image that can be read; remove it, or save it as PNG or JPEG"
    return f"the image is damaged or cut short ({quote(str(error))}); replace or remove it"
