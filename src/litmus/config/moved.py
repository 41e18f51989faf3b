"""Classes that have moved since a release, so that configs stored by it, in runs and checkpoints, still build."""

MOVED = {
    "litmus.task.loss.auto": "litmus.loss.auto",
    **{f"litmus.task.loss.{name}": f"litmus.loss.classes.{name}" for name in ("BCE", "CrossEntropy", "Focal")},
    **{f"litmus.task.loss.{name}": f"litmus.loss.values.{name}" for name in ("MSE", "L1", "Huber", "Poisson")},
    "litmus.data.csv.CSV": "litmus.data.sources.table_files.CSV",
    "litmus.data.parquet.Parquet": "litmus.data.sources.table_files.Parquet",
    "litmus.data.breast_cancer.BreastCancer": "litmus.data.sources.bundled.BreastCancer",
    "litmus.data.diabetes.Diabetes": "litmus.data.sources.bundled.Diabetes",
    "litmus.data.iris.Iris": "litmus.data.sources.bundled.Iris",
    "litmus.data.wine.Wine": "litmus.data.sources.bundled.Wine",
    "litmus.data.blobs.Blobs": "litmus.data.sources.synthetic.Blobs",
    "litmus.data.circles.Circles": "litmus.data.sources.synthetic.Circles",
    "litmus.data.imbalanced.Imbalanced": "litmus.data.sources.synthetic.Imbalanced",
    "litmus.data.line.Line": "litmus.data.sources.synthetic.Line",
    "litmus.data.linear.Linear": "litmus.data.sources.synthetic.Linear",
    "litmus.data.moons.Moons": "litmus.data.sources.synthetic.Moons",
    "litmus.data.noise.Noise": "litmus.data.sources.synthetic.Noise",
    "litmus.data.spirals.Spirals": "litmus.data.sources.synthetic.Spirals",
    "litmus.data.digits.Digits": "litmus.data.sources.images.Digits",
    "litmus.data.image_folder.ImageFolder": "litmus.data.sources.images.ImageFolder",
    "litmus.data.mnist.MNIST": "litmus.data.sources.images.MNIST",
    "litmus.data.notes.Notes": "litmus.data.sources.notes.Notes",
    "litmus.data.text.Text": "litmus.data.sources.texts.Text",
}
"""Dotted names as released, each with the present one."""
TRAINER = "litmus.engine.trainer.Trainer"
LIGHTNINGS = frozenset(
    f"{package}.Trainer"
    for package in ("lightning", "lightning.pytorch", "lightning.pytorch.trainer", "lightning.pytorch.trainer.trainer")
)
"""What configs of other projects call Lightning's trainer, for which ours stands."""
ROOMS = {"litmus.learning.": "litmus.engine.", "litmus.sweep.": "litmus.sweeps."}
"""Packages as released, each with the present one."""


def current_name(name: str) -> str:
    """The present dotted name of a class that a config names."""
    if name in LIGHTNINGS:
        return TRAINER
    for old, new in ROOMS.items():
        if name.startswith(old):
            return new + name.removeprefix(old)
    return MOVED.get(name, name)
