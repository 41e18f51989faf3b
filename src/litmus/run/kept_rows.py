"""The rows of one run for the next: jobs of a sweep, and the scoring of its seeds, mostly ask for the same."""

from typing import Any, final

from litmus.config import RunConfig
from litmus.data.module import DataModule
from litmus.run.training import make_data


@final
class KeptRows:
    """The rows that were prepared last, for runs one after another that ask for the same: they share them.

    Files that have changed, rows that are too many for memory and those of a user's own are prepared anew each time.
    """

    def __init__(self) -> None:
        self._key: tuple[Any, ...] | None = None
        self._last: DataModule | None = None

    def prepare(self, config: RunConfig, *, kind: str | None = None) -> DataModule:
        """As `prepare_data`."""
        data = make_data(config, kind=kind)
        key = data.origin_key
        if key is not None and key == self._key and self._last is not None:
            data.share(self._last)
            return data
        self._key = self._last = None  # before others take their place in memory
        data.setup()
        if key is not None and data.rows.store is None:
            self._key, self._last = key, data.reseeded(data.seed)  # which no trainer will know
        return data
