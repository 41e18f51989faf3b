"""How often the test split of which data was read: each reading makes the next interval a little more optimistic."""

import json
import logging
from collections import Counter
from pathlib import Path

from litmus.disk import locked, write_text

LEDGER = "test_ledger.json"

log = logging.getLogger(__name__)


def count_reading(output_dir: Path, sha256: str) -> int:
    """How often test rows of these data have been read, whatever the split, this time counted.

    Args:
        output_dir: Folder of the ledger; made if it is not there.
        sha256: Of the data.
    """
    output_dir.mkdir(parents=True, exist_ok=True)
    ledger = output_dir / LEDGER
    with locked(output_dir, f".{LEDGER}.lock", wait=True):
        counts = _counts(ledger)
        counts[sha256] += 1
        write_text(ledger, json.dumps(counts, indent=1, sort_keys=True), durable=True)
    return counts[sha256]


def ledger_folder(folder: Path, checkpoint: Path) -> Path:
    """The folder whose ledger counts what is read for a checkpoint, from whatever folder the command is started.

    Args:
        folder: Its config's `output_dir`.
        checkpoint: Its file.
    """
    place = checkpoint.absolute()
    if place.is_relative_to(folder.absolute()):
        return folder
    return next((above for above in place.parents if (above / LEDGER).is_file()), folder)


def _counts(ledger: Path) -> Counter[str]:
    """Readings by the data's sha256; what earlier versions counted by split as well is added up."""
    counts: Counter[str] = Counter()
    try:
        stored = json.loads(ledger.read_text(encoding="utf-8"))
        for key, count in stored.items():
            counts[key.partition(":")[0]] += int(count)
    except FileNotFoundError:
        pass
    except (OSError, ValueError, TypeError, AttributeError) as error:
        log.warning("%s cannot be read (%s); readings of test are counted from 1 again", ledger, error)
    return counts
