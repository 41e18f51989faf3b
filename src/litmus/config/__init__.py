"""From a composed config to objects: what is wrong with it, what it builds, and how it is written down.

`compose(words)` gives a config, `check(cfg)` names every problem, `make(node, **facts)` builds one node; `saved(cfg)`
and `read(path)` are its way to disk and back.
"""

from litmus.config.composition import compose, conf_dir
from litmus.config.keys import hydra_text, near, quote_override, right_key
from litmus.config.making import make
from litmus.config.problems import check
from litmus.config.root import GROUPS, Root
from litmus.config.settling import settle
from litmus.config.signatures import FACTS
from litmus.config.storage import read, saved, to_plain
from litmus.config.targets import needs, target, trust, trusted
from litmus.errors import ConfigError, Problem

__all__ = [
    "FACTS",
    "GROUPS",
    "ConfigError",
    "Problem",
    "Root",
    "check",
    "compose",
    "conf_dir",
    "hydra_text",
    "make",
    "near",
    "needs",
    "quote_override",
    "read",
    "right_key",
    "saved",
    "settle",
    "target",
    "to_plain",
    "trust",
    "trusted",
]
