"""From a composed config to objects: what is wrong with it, what it builds, and how it is written down.

`compose(words)` gives a config, `check(cfg)` names every problem, `make(node, **facts)` builds one node; `saved(cfg)`
and `read(path)` are its way to disk and back.
"""

from litmus.config.composition import compose
from litmus.config.folder import conf_dir
from litmus.config.keys import hydra_text, near, quote_override, right_key
from litmus.config.making import make
from litmus.config.problems import LOGGER_PLACES, check
from litmus.config.replaced import BATCH_KEYS, is_data_module, is_module, trains_itself, wanted_by
from litmus.config.root import GROUPS, Root
from litmus.config.run_config import Group, RunConfig
from litmus.config.settling import replace_options, settle
from litmus.config.signatures import FACTS
from litmus.config.storage import read, saved, to_plain, to_yaml
from litmus.config.targets import import_extra, needs, target, trust, trusted
from litmus.errors import ConfigError, Problem

__all__ = [
    "BATCH_KEYS",
    "FACTS",
    "GROUPS",
    "LOGGER_PLACES",
    "ConfigError",
    "Group",
    "Problem",
    "Root",
    "RunConfig",
    "check",
    "compose",
    "conf_dir",
    "hydra_text",
    "import_extra",
    "is_data_module",
    "is_module",
    "make",
    "near",
    "needs",
    "quote_override",
    "read",
    "replace_options",
    "right_key",
    "saved",
    "settle",
    "target",
    "to_plain",
    "to_yaml",
    "trains_itself",
    "trust",
    "trusted",
    "wanted_by",
]
