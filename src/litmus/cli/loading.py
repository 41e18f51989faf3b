"""Loading what trains: torch and Lightning are thousands of modules, and most of a short run's time."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Imports without garbage collection, which finds nothing in them and takes a fifth of their time.

    What was loaded lives as long as the process and is left out of later collections too.
    """
    modules, enabled = len(sys.modules), gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if len(sys.modules) > modules:
            gc.freeze()
        if enabled:
            gc.enable()
