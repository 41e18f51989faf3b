"""Image files to arrays, strictly: what cannot be read in full is refused with its path."""

import hashlib
import os
import struct
import warnings
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from litmus.data.folder import Entry
from litmus.data.shelf import Shelf
from litmus.errors import DataError, quote

# What Pillow's decoders raise on damaged files; a decoder's own type differs from format to format.
DAMAGE = (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, OverflowError, struct.error, zlib.error)
SIXTEEN_BITS = frozenset({"I;16", "I;16B", "I;16L", "I;16N", "I"})
GREY = SIXTEEN_BITS | {"1", "L", "LA", "La", "F"}
TURNED = frozenset({5, 6, 7, 8})
ORIENTATION = 0x0112
COPIES = 3  # of all images while they are prepared: as read, those to fit on, and the splits


@dataclass(frozen=True)
class Header:
    """What a file says of itself before its pixels are decoded.

    Args:
        size: Height and width as it is shown, turned by its EXIF orientation.
        grey: Whether it has no colour: by its mode, or by its palette.
        mode: Pillow's mode.
        alpha: Whether it has transparency.
        moving: Whether it has more than one frame.
    """

    size: tuple[int, int]
    grey: bool
    mode: str
    alpha: bool
    moving: bool


def look(entry: Entry) -> Header:
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


def depth(headers: Sequence[Header], channels: int) -> type[np.generic]:
    """The type that holds all images: 16 bits only where all are grey, floats where one is."""
    if any(header.mode == "F" for header in headers):
        return np.float32
    deep = channels == 1 and any(header.mode in SIXTEEN_BITS for header in headers)
    return np.uint16 if deep else np.uint8


def load(
    entries: Sequence[Entry], *, shape: tuple[int, int, int], dtype: type[np.generic], shelf: Shelf
) -> tuple[NDArray[Any], str]:
    """All images, decoded once.

    Args:
        entries: At least one.
        shape: Channels, height and width that each is brought to.
        dtype: Of the result; other depths are scaled to it.
        shelf: Takes the images if they do not fit into memory.

    Returns:
        `(n, channels, height, width)` and the SHA-256 of all names and files.

    Raises:
        DataError: A file cannot be read in full, or all do not fit into memory and no folder has room for them.
    """
    whole = (len(entries), *shape)
    pixels = np.empty(whole, dtype) if fit(len(entries), shape, dtype, shelf) else shelf.empty(whole, dtype)
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
    """Pixels `shape` and the digest of the file."""
    with _damage(entry):
        content = entry.file.read_bytes()
        with Image.open(BytesIO(content)) as opened:
            opened.load()
            image = ImageOps.exif_transpose(opened)
        return _arrange(image, entry, shape=shape, dtype=dtype), hashlib.sha256(content).digest()


def _arrange(image: Image.Image, entry: Entry, *, shape: tuple[int, int, int], dtype: type[np.generic]) -> NDArray[Any]:
    """Channels, size and depth as asked; transparency is laid on white."""
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
        found = f"{values.min():.0f} to {values.max():.0f}"
        raise DataError(f"pixels from {found} fit no 16 bits; save it with 8 or 16 bits", file=entry.file)
    return Image.fromarray(values), 65535.0


def _scaled(array: NDArray[Any], levels: float, dtype: type[np.generic]) -> NDArray[Any]:
    """The same shares of the full range in another type."""
    target = full_range(np.empty(0, dtype))
    values = array.astype(np.float64) * (target / levels)
    return values.astype(dtype) if target == 1 else values.round().clip(0, target).astype(dtype)


def fit(count: int, shape: tuple[int, int, int], dtype: type[np.generic], shelf: Shelf) -> bool:
    """Whether so many images fit into the memory allowed while they are prepared."""
    return COPIES * count * int(np.prod(shape)) * np.dtype(dtype).itemsize <= shelf.limit


def full_range(pixels: NDArray[Any]) -> float:
    """The brightest value that pixels of this type can have; 1 for floats."""
    return float(np.iinfo(pixels.dtype).max) if np.issubdtype(pixels.dtype, np.integer) else 1.0


@contextmanager
def _reading(entry: Entry) -> Iterator[None]:
    """Pillow's notices silenced, its warning of giant images turned into an error; not for threads."""
    with warnings.catch_warnings(), _damage(entry):
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


@contextmanager
def _damage(entry: Entry) -> Iterator[None]:
    """Any way in which a file cannot be read, as a DataError with its path and a remedy."""
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
