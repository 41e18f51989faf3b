"""The bytes of a file: opened with errors that name the remedy, recognised by their beginning, unpacked."""

import codecs
import re
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from io import BufferedReader
from pathlib import Path

from litmus.config.command_words import path_of
from litmus.data.location import Location
from litmus.errors import DataError, quote

MAGIC = {  # first bytes of other kinds of file, in lower case and without blanks
    b"pk\x03\x04": "an Excel workbook or zip archive; export it as CSV",
    b"par1": "a Parquet file; use data=parquet, or end its name in .parquet",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; export it as CSV",
    b"sqlite": "an SQLite database; export the table as CSV",
    b"%pdf": "a PDF document; a CSV is needed",
    **dict.fromkeys((b"<!doctype", b"<html", b"<table"), "a web page; download the table itself"),
    b"<?xml": "an XML document; write the table as CSV",
    **dict.fromkeys((b"[{", b"[[", b'{"', b"[]", b"{}"), "JSON; write the table as CSV"),
    b"@relation": "an ARFF file; write the table as CSV",
    **dict.fromkeys((b"bzh9", b"\xfd7zxz", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf"), "compressed; unpack it, or use gzip"),
    b"arrow1": "an Arrow file; write it as Parquet or CSV",
    **dict.fromkeys((b"\x93numpy", b"\x80\x04", b"\x80\x05"), "a NumPy or pickle file; write the table as CSV"),
    b"\x89hdf": "an HDF5 file; write the table as CSV or Parquet",
    **dict.fromkeys((b"\x89png", b"\xff\xd8\xff"), "an image; for images use data=image_folder"),
}
GZIP = b"\x1f\x8b"
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def check_kind(path: str | Path) -> None:
    """Refuses what has no end, or cannot be read twice: devices, pipes and sockets.

    Raises:
        DataError: It is one.
    """
    try:
        mode = path_of(path).stat().st_mode
    except (OSError, ValueError):  # said by whoever opens it
        return
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        kind = "a pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
        raise DataError(f"is {kind}, which cannot be read twice; write the rows to a file and name that", file=path)


@contextmanager
def opened(path: str) -> Iterator[BufferedReader]:
    """A file open for reading; raises as `read_bytes`."""
    check_kind(path)
    try:
        with path_of(path).open("rb") as file:
            yield file
    except FileNotFoundError as error:
        raise DataError(f"no such file; {near_file(path)}", file=path) from error
    except IsADirectoryError as error:
        raise DataError(
            "this is a folder; name a file in it, or use data=image_folder or data=text", file=path
        ) from error
    except PermissionError as error:
        raise DataError("no permission to read the file; change its mode (chmod +r)", file=path) from error
    except (OSError, ValueError) as error:
        raise DataError(f"the file cannot be read ({first_line(error)})", file=path) from error


def read_bytes(path: str) -> bytes:
    """The content of a file.

    Raises:
        DataError: Missing (the nearest name is suggested), a folder, or not readable.
    """
    with opened(path) as file:
        return file.read()


def near_file(path: str) -> str:
    """A hint for a message: the file that was probably meant, or what is wrong with the path."""
    if re.match(r"[a-z][a-z0-9+]+://", path):
        return "URLs are not read; download the file first"
    folder = path_of(path).parent
    if not folder.is_dir():
        return f"the folder {quote(str(folder))} does not exist either"
    names = {entry.stem.casefold(): entry.name for entry in folder.iterdir()}
    near = get_close_matches(Path(path).stem.casefold(), list(names), n=1)
    return f"did you mean {quote(names[near[0]])}?" if near else "check the path"


def kind_of_file(data: bytes) -> str:
    """What kind of file begins like `data`, and what to do with it, in words; "" for text."""
    start = b"".join(data[:64].split()).lower()
    return next((kind for magic, kind in MAGIC.items() if start.startswith(magic)), "")


@contextmanager
def unpacking(location: Location) -> Iterator[None]:
    """Turns errors about damaged gzip or UTF-16 into a DataError."""
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        raise location.error(f"damaged or cut off gzip ({first_line(error)}); copy the file again") from error
    except UnicodeError as error:
        raise location.error(f"damaged or cut off UTF-16 ({first_line(error)}); copy the file again") from error


def first_line(error: BaseException) -> str:
    """The first line of an error's message, at most 80 characters; its type where it has no message."""
    return str(error).strip().split("\n")[0][:80] or type(error).__name__
