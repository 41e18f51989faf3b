"""The measures, one declaration each; a module that is put here is found by itself."""
