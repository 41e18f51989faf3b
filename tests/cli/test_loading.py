"""Imports without garbage collection."""

import gc
import sys

import pytest

from litmus.cli.loading import loading


def _load_what_is_missing():
    with loading():
        assert not gc.isenabled()
        import nonesuch  # noqa: F401


@pytest.mark.parametrize("enabled", [True, False])
def test_collection_is_off_while_loading_and_then_as_it_was(enabled):
    gc.enable() if enabled else gc.disable()
    try:
        with pytest.raises(ImportError, match="nonesuch"):
            _load_what_is_missing()
        assert gc.isenabled() == enabled
    finally:
        gc.enable()


def test_only_what_was_loaded_is_kept_from_later_collections(monkeypatch):
    frozen = gc.get_freeze_count()
    with loading():
        pass
    assert gc.get_freeze_count() == frozen
    try:
        with loading():
            monkeypatch.setitem(sys.modules, "a_module_of_this_test", sys)
        assert gc.get_freeze_count() > frozen
    finally:
        gc.unfreeze()
