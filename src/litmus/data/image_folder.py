"""Image folders: a folder for each class, or train, val and test folders of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal, final

from annotated_types import Ge, Len

from litmus.data.base import Rows
from litmus.data.folder import scan_both
from litmus.data.image import ImageSource
from litmus.data.image_files import read_files
from litmus.data.shelf import Memory

Side = Annotated[int, Ge(1)]


@final
@dataclass(frozen=True, kw_only=True)
class ImageFolder(ImageSource):
    """Images in class folders; `train`, `val` and `test` folders above them are kept as official splits.

    Args:
        path: Folder of class folders, or of split folders.
        test_path: Another such folder, used for test only.
        size: Height and width in pixels, or one number for both; null: the most frequent size, at most 256 a side.
        channels: 1 for grey, 3 for colour; null: grey where all images are.
        memory: MB that the images may take; more are decoded into a file and learned from piece by piece. auto: half of
            the machine's memory.
    """

    path: str
    test_path: str | None = None
    size: Side | Annotated[Sequence[Side], Len(2, 2)] | None = None
    channels: Literal[1, 3] | None = None
    memory: Memory = "auto"

    def read(self) -> Rows:
        self.check_extras()
        entries, notes = scan_both(self.path, self.test_path, "image")
        rows = read_files(entries, self.path, size=self.size, channels=self.channels, memory=self.memory, notes=notes)
        return replace(rows, test_path=self.test_path)
