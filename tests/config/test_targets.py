"""What a config may name, and what it may not, however it is spelled."""

import sys

import pytest
import torch

from litmus.config.targets import _trusted, import_extra, needs, target, trust, trusted
from litmus.errors import ConfigError
from litmus.model.mlp import MLP


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A user's package `mine`, not trusted yet."""
    (tmp_path / "mine.py").write_text("class Model:\n    pass\n")
    (tmp_path / "broken.py").write_text("raise RuntimeError('half written')\n")
    (tmp_path / "lacking.py").write_text("import mlflow_that_nobody_has\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(_trusted)
    yield
    _trusted.clear()
    _trusted.update(before)
    for name in ("mine", "broken", "lacking"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("litmus.model.mlp.MLP", MLP),
        ("torch.optim.Adam", torch.optim.Adam),
        ("torch.nn.Sequential", torch.nn.Sequential),
        ("torch.optim.lr_scheduler.StepLR", torch.optim.lr_scheduler.StepLR),
    ],
)
def test_what_is_meant_for_configs_is_found(name, found):
    assert target(name) is found


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "builtins.eval",
        "subprocess.Popen",
        "pathlib.Path.touch",
        "torch.load",
        "torch.hub.load",
        "numpy.load",
        "torch.optim.optimizer.torch.load",
        "torch.optim.optimizer.defaultdict",
        "torch.nn.modules.module.torch.hub.load",
        "torch.nn.init.zeros_",
        "torch.nn.functional.relu",
        "litmus.data.module.torch.load",
        "litmus.model.mlp.nn.Module.__init__",
        "litmus.config.targets.importlib.import_module",
        "litmus.cli.main",
        "litmus.model.layers.nn.os.system",
        "torch.optim.Optimizer.__class__",
        "hydra.utils.instantiate",
        "torchmetrics.utilities.data.rank_zero_warn",
        "",
        "litmus",
        "litmus.model.",
        "litmus.model.mlp.MLP()",
        3,
        None,
    ],
)
def test_everything_else_is_refused(name):
    with pytest.raises(ConfigError, match=r"_target_: .*(not a class that a config may name|does not exist|a module)"):
        target(name)


def test_a_name_that_does_not_exist_gets_the_nearest():
    with pytest.raises(ConfigError, match=r"optimizer\._target_: 'torch.optim.Adm' does not exist; did you mean torch"):
        target("torch.optim.Adm", "optimizer")


def test_a_module_is_no_class():
    with pytest.raises(ConfigError, match="is a module; name a class in it"):
        target("litmus.model.mlp")


@pytest.mark.usefixtures("package")
def test_a_users_package_must_be_trusted_by_the_command_line():
    with pytest.raises(ConfigError, match="--allow <package>"):
        target("mine.Model")
    trust(("mine",))
    assert target("mine.Model").__name__ == "Model"
    assert "mine" in trusted()


@pytest.mark.usefixtures("package")
def test_packages_allowed_for_one_call_stay_untrusted():
    assert target("mine.Model", allow=("mine",)).__name__ == "Model"
    assert "mine" not in trusted()


@pytest.mark.usefixtures("package")
def test_trust_in_a_package_is_no_trust_in_what_it_imports():
    with pytest.raises(ConfigError, match="may name"):
        target("minerals.Model", allow=("mine",))


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("broken.Model", r"cannot import 'broken.Model' \(RuntimeError: half written\)"),
        ("lacking.Model", r"needs the package 'mlflow_that_nobody_has': pip install 'mlflow_that_nobody_has'"),
        ("absent.Model", r"there is no package 'absent'"),
    ],
)
def test_a_package_that_cannot_be_imported_says_why(name, message):
    with pytest.raises(ConfigError, match=message):
        target(name, "model", allow=("broken", "lacking", "absent"))


def test_only_names_of_packages_are_trusted():
    with pytest.raises(ConfigError, match=r"--allow './mine': not the name of a package"):
        trust(("./mine",))


def test_a_missing_package_is_named_by_its_extra():
    assert needs("kornia") == "needs the package 'kornia': pip install 'litmus[images]'"


def test_a_missing_extra_is_named_with_its_command():
    with pytest.raises(ConfigError, match=r"data\.augmentation: needs the package 'no_such_package': pip install"):
        import_extra("no_such_package.part", "data.augmentation")
