"""The main keys of all groups with values worth trying, and which of them do not go together."""

from collections.abc import Iterable, Mapping

from covering import Conflict, Row

# Kind of target and of input, labels, and columns with roles, of each source; the files are those of `sources.py`.
BINARY = frozenset({"binary", "rare", "parquet", "circles", "imbalanced", "pictures_split", "texts"})
MULTICLASS = frozenset({"multiclass", "blobs", "iris", "digits", "pictures", "documents"})
REGRESSION = frozenset({"regression", "counts", "line", "diabetes", "ratings"})
FILES = frozenset({"binary", "rare", "multiclass", "regression", "counts"})
WITH_ROLES = FILES | {"parquet", "texts", "ratings"}
IMAGES = frozenset({"digits", "pictures", "pictures_split"})
TEXTS = frozenset({"texts", "ratings", "documents"})
POSITIVE = {
    "binary": "no",
    "rare": "fraud",
    "parquet": "true",
    "circles": "0",
    "imbalanced": "genuine",
    "pictures_split": "cat",
    "texts": "good",
}
CLASSES = {"multiclass": 3, "blobs": 4, "iris": 3, "digits": 10, "pictures": 3, "documents": 3}

# Each factor's values and their words; the first is the neutral one, which goes with everything.
FACTORS: Mapping[str, Mapping[str, str]] = {
    "data": {
        **{name: f"data.path=files/{name}.csv data.target=y" for name in sorted(FILES)},
        "parquet": "data.path=files/parquet.parquet data.target=y",
        "circles": "data=circles data.n_samples=120",
        "blobs": "data=blobs data.n_samples=120 data.classes=4",
        "line": "data=line data.n_samples=120",
        "imbalanced": "data=imbalanced data.n_samples=300 data.positive_share=0.1",
        "iris": "data=iris",
        "diabetes": "data=diabetes",
        "digits": "data=digits data.max_rows=200",
        "pictures": "data=image_folder data.path=files/pictures",
        "pictures_split": "data=image_folder data.path=files/pictures_split",
        "texts": "data=text data.path=files/texts.csv data.target=y data.text=text",
        "ratings": "data=text data.path=files/ratings.csv data.target=y data.text=text",
        "documents": "data=text data.path=files/documents",
    },
    "model": {
        "mlp": "model=mlp",
        "linear": "model=linear",
        "cnn": "model=cnn",
        "text": "model=text",
        "text_cnn": "model=text model.kind=cnn model.channels=4",
    },
    "hidden": {"": "", "none": "model.hidden=[]", "one": "model.hidden=[3]", "three": "model.hidden=[8,4,4]"},
    "ensemble": {"": "", "one": "model.ensemble_size=1", "three": "model.ensemble_size=3"},
    "activation": {
        "": "",
        **{name: f"model.activation={name}" for name in ("tanh", "sigmoid", "gelu", "leaky_relu", "none")},
    },
    "dropout": {"": "", "half": "model.dropout=0.5"},
    "norm": {"": "", "batch": "model.norm=batch", "layer": "model.norm=layer"},
    "output_activation": {
        "": "",
        "sigmoid": "model.output_activation=sigmoid",
        "softmax": "model.output_activation=softmax",
    },
    "init": {
        "": "",
        **{name: f"model.init={name}" for name in ("zeros", "xavier_uniform", "kaiming_normal", "orthogonal")},
        "normal": "model.init=normal model.init_std=0.1",
        "bias": "model.init_bias=0.5",
    },
    "task": {"": "", **{name: f"task={name}" for name in ("binary", "multiclass", "regression")}},
    "threshold": {"": "", "low": "task.threshold=0.2", "tuned": "task.threshold=tuned"},
    "goal": {
        "": "",
        **{name: f"task.threshold_goal={name}" for name in ("f1", "youden", "recall@.9", "precision@0.8", "cost@5:1")},
    },
    "calibrate": {"": "", "temperature": "task.calibrate=temperature"},
    "positive": {"": "", "named": "task.positive={positive}"},
    "loss": {
        "": "",
        **{name: f"loss={name}" for name in ("bce", "cross_entropy", "focal", "mse", "l1", "huber", "poisson")},
    },
    "class_weight": {"": "", "balanced": "loss.class_weight=balanced", "listed": "loss.class_weight={weights}"},
    "pos_weight": {"": "", "three": "loss.pos_weight=3"},
    "label_smoothing": {"": "", "tenth": "loss.label_smoothing=0.1"},
    "optimizer": {
        "": "",
        "adamw": "optimizer=adamw",
        "amsgrad": "optimizer=adam optimizer.amsgrad=true optimizer.betas=[0.8,0.9]",
        "sgd": "optimizer=sgd",
        "nesterov": "optimizer=sgd optimizer.momentum=0.9 optimizer.nesterov=true",
        "rmsprop": "optimizer=rmsprop",
        "centred": "optimizer=rmsprop optimizer.momentum=0.5 optimizer.centered=true",
    },
    "lr": {"": "", "high": "optimizer.lr=0.1", "low": "optimizer.lr=1e-6"},
    "weight_decay": {"": "", "some": "optimizer.weight_decay=0.01"},
    "scheduler": {
        "": "",
        "step": "scheduler=step scheduler.step_size=1",
        "cosine": "scheduler=cosine scheduler.min_lr=1e-7",
        "onecycle": "scheduler=onecycle",
        "plateau": "scheduler=plateau scheduler.patience=0",
    },
    "length": {
        "": "trainer.max_epochs=2",
        "one": "trainer.max_epochs=1",
        "steps": "trainer.max_epochs=2 trainer.max_steps=1",
        "only_steps": "trainer.max_epochs=-1 trainer.max_steps=3",
        "least": "trainer.max_epochs=3 trainer.min_epochs=2 trainer.min_steps=2",
        "time": "trainer.max_epochs=2 trainer.max_time=00:00:05:00",
    },
    "trainer": {
        "": "",
        "cpu": "trainer=cpu",
        "threads": "trainer.threads=2",
        "deterministic": "trainer.deterministic=true",
    },
    "loop": {"": "", "lean": "trainer.loop=lean", "stock": "trainer.loop=stock"},
    "accumulate": {
        "": "",
        "three": "trainer.accumulate_grad_batches=3",
        "many": "trainer.accumulate_grad_batches=1000",
    },
    "clip": {
        "": "",
        "norm": "trainer.gradient_clip_val=0.5",
        "value": "trainer.gradient_clip_val=0.1 trainer.gradient_clip_algorithm=value",
        "zero": "trainer.gradient_clip_val=0",
    },
    "precision": {
        "": "",
        "bf16": "trainer.precision=bf16-mixed",
        "full": "trainer.precision=32-true",
        "half": "trainer.precision=16-mixed",
    },
    "limit_train": {"": "", "one": "trainer.limit_train_batches=1", "share": "trainer.limit_train_batches=0.5"},
    "limit_val": {
        "": "",
        "one": "trainer.limit_val_batches=1",
        "zero": "trainer.limit_val_batches=0",
        "share": "trainer.limit_val_batches=0.5",
    },
    "val_every": {
        "": "",
        "two": "trainer.check_val_every_n_epoch=2",
        "never": "trainer.check_val_every_n_epoch=9",
        "half": "trainer.val_check_interval=0.5",
        "steps": "trainer.val_check_interval=1000",
    },
    "lightning": {
        "": "",
        "sanity": "trainer.num_sanity_val_steps=2",
        "overfit": "trainer.overfit_batches=1",
        "anomaly": "trainer.detect_anomaly=true",
        "reload": "trainer.reload_dataloaders_every_n_epochs=1",
    },
    "idle": {
        "": "",
        "log_steps": "trainer.log_every_n_steps=1",
        "benchmark": "trainer.benchmark=true",
        "limit_test": "trainer.limit_test_batches=1",
        "profiler": "trainer.profiler=simple",
    },
    "stopping": {
        "": "",
        "one": "callback.early_stopping.patience=1 callback.early_stopping.min_delta=0.5",
        "off": "callback.early_stopping.patience=null",
        "none": "callback.early_stopping=null",
    },
    "checkpoint": {"": "", "last": "callback.checkpoint.use=last", "often": "callback.checkpoint.every_seconds=0.001"},
    "criteria": {
        "": "",
        "strict": "criteria=strict",
        "probability": "criteria=probability",
        "recall": "criteria.recall=0.9 criteria.accuracy=null",
        "rmse": "criteria.rmse=5 criteria.non_inferiority=null",
        "nothing": "criteria.accuracy=null criteria.precision=null criteria.recall=null criteria.r2=null",
    },
    "accept": {"": "", "findings": "verdict.accept=[too_few_epochs,target_leakage:x]"},
    "probes": {"": "verdict.probes=off", "on": "verdict.probes=auto verdict.budget=0.2"},
    "seeds": {"": "", "two": "verdict.seeds=2"},
    "logger": {"": "logger=csv", "tensorboard": "logger=tensorboard", "null": "logger=null"},
    "split": {
        "": "",
        "random": "data.split=random",
        "time": "data.split=time",
        "dated": "data.split=time data.time=day data.gap=2",
        "group": "data.split=group data.group=customer",
        "stratified_group": "data.split=stratified_group data.group=customer",
        "column": "data.split=column data.split_column=part",
    },
    "fractions": {"": "", "no_test": "data.test_fraction=0", "large": "data.test_fraction=0.4 data.val_fraction=0.3"},
    "folds": {"": "", "two": "data.folds=2", "three": "data.folds=3"},
    "dedupe": {"": "", "yes": "data.dedupe=true"},
    "max_rows": {"": "", "sixty": "data.max_rows=60"},
    "impute": {"": "", **{name: f"data.impute={name}" for name in ("mean", "median", "most_frequent", "drop")}},
    "normalize": {"": "", "none": "data.normalize=none", "minmax": "data.normalize=minmax"},
    "normalize_target": {"": "", "yes": "data.normalize_target=true", "no": "data.normalize_target=false"},
    "weight": {"": "", "column": "data.weight=weight"},
    "columns": {
        "": "",
        "chosen": "data.features=[x,colour]",
        "dropped": "data.drop_columns=[z,colour]",
        "kinds": "data.kinds={{z: category, colour: category}}",
    },
    "categories": {"": "", "embed": "data.categories=embed", "few": "data.max_levels=2"},
    "batch_size": {
        "": "",
        "one": "data.batch_size=1",
        "odd": "data.batch_size=7",
        "huge": "data.batch_size=100000",
        "all": "data.batch_size=null",
    },
    "shuffle": {"": "", "no": "data.shuffle=false"},
    "workers": {"": "", "one": "data.num_workers=1"},
    "checks": {"": "data.checks=off", "report": "data.checks=report", "stop": "data.checks=stop"},
    "images": {
        "": "",
        "resized": "data.size=[6,9]",
        "grey": "data.channels=1",
        "colour": "data.channels=3",
        "varied": "data.augmentation=[flip,shift]",
        "all_varied": "data.augmentation=[rotate,zoom,erase]",
    },
    "words": {
        "": "",
        "short": "data.max_tokens=3",
        "few": "data.vocab_size=5 data.min_count=1",
        "case": "data.lowercase=false",
    },
    "seed": {"": "", "zero": "seed=0", "largest": "seed=4294967295"},
    "test": {"": "", "yes": "test=true", "no": "test=false"},
    "fail_on": {"": "", "inadequate": "fail_on=inadequate", "undetermined": "fail_on=undetermined"},
    "name": {"": "", "named": "name=my-run.1"},
    "monitor": {
        "": "",
        **{name: f"monitor={name}" for name in ("val/accuracy", "val/auroc", "val/r2", "train/loss")},
    },
}


def values_of(factors: Mapping[str, Mapping[str, str]] = FACTORS) -> dict[str, list[str]]:
    return {name: list(values) for name, values in factors.items()}


def words_of(row: Row) -> list[str]:
    """The command line of a row; what depends on the labels is filled in."""
    data = row["data"]
    known = {
        "positive": POSITIVE.get(data, "x"),
        "weights": f"[{','.join(['2', *['1'] * (CLASSES.get(data, 2) - 1)])}]",
    }
    words = [FACTORS[name][value].format(**known) for name, value in row.items() if FACTORS[name][value]]
    return [word for text in words for word in _split(text)]


def neutral(**chosen: str) -> Row:
    """A row of neutral values but for those chosen, with the usual model for its data."""
    task = chosen.get("task", "")
    data = chosen.get("data", task if task in {"multiclass", "regression"} else "binary")
    model = "text" if data in TEXTS else "cnn" if data in IMAGES else "mlp"
    return {name: next(iter(values)) for name, values in FACTORS.items()} | {"data": data, "model": model} | chosen


def _split(text: str) -> Iterable[str]:
    """Words, at blanks that stand outside brackets."""
    depth, word = 0, ""
    for letter in text:
        depth += (letter in "[{") - (letter in "]}")
        if letter == " " and not depth:
            yield word
            word = ""
        else:
            word += letter
    yield word


def _only(factor: str, values: Iterable[str], other: str, fitting: Iterable[str]) -> Conflict:
    """These values of a factor go with these of another one alone."""
    return {factor: frozenset(values), other: frozenset(FACTORS[other]) - frozenset(fitting)}


def _set(factor: str) -> frozenset[str]:
    """All values but the neutral one."""
    return frozenset(list(FACTORS[factor])[1:])


CLASSIFICATION = BINARY | MULTICLASS
WHOLE = frozenset({"counts", "diabetes"})
TABLES = frozenset(FACTORS["data"]) - IMAGES - TEXTS
# What does not go together and is refused in one line, and what that line names; None: it depends on the rows.
CONFLICTS: list[tuple[str | None, Conflict]] = [
    ("model", _only("model", {"mlp", "linear"}, "data", TABLES | IMAGES)),
    ("model", _only("model", {"cnn"}, "data", IMAGES)),
    ("model", _only("model", {"text", "text_cnn"}, "data", TEXTS)),
    *(
        (f"model.{key}", _only(key, _set(key), "model", {"mlp", "cnn", "text", "text_cnn"}))
        for key in ("hidden", "activation", "dropout")
    ),
    ("model.ensemble_size", _only("ensemble", _set("ensemble"), "model", {"mlp"})),
    ("model.norm", _only("norm", _set("norm"), "model", {"mlp", "cnn", "text", "text_cnn"})),
    ("model.norm", _only("norm", {"layer"}, "model", {"mlp", "text", "text_cnn"})),
    ("data.batch_size", _only("norm", {"batch"}, "batch_size", set(FACTORS["batch_size"]) - {"one"})),
    ("trainer.limit_train_batches", _only("limit_train", {"share"}, "batch_size", {"", "one", "odd"})),
    (
        "trainer.limit_train_batches",
        {
            "limit_train": frozenset({"share"}),
            "batch_size": frozenset({""}),
            "data": frozenset({"pictures", "pictures_split", "documents"}),
        },
    ),
    (
        None,  # there may be one batch or two
        {"limit_train": frozenset({"share"}), "batch_size": frozenset({""}), "max_rows": frozenset({"sixty"})},
    ),
    ("trainer.limit_val_batches", {"limit_val": frozenset({"share"})}),  # of the one batch that few rows are
    ("trainer.val_check_interval", {"val_every": frozenset({"steps"})}),
    ("task", _only("task", {"binary"}, "data", BINARY)),
    ("task", _only("task", {"multiclass"}, "data", CLASSIFICATION | WHOLE)),
    (None, {"task": frozenset({"multiclass"}), "data": WHOLE}),  # whole numbers may be classes, the rare ones merged
    ("task", _only("task", {"regression"}, "data", REGRESSION | {"circles", "blobs", "digits"})),
    ("loss", _only("loss", {"bce"}, "task", {"", "binary"})),
    ("loss", _only("loss", {"cross_entropy", "focal"}, "task", {"", "binary", "multiclass"})),
    ("loss", _only("loss", {"mse", "l1", "huber", "poisson"}, "task", {"", "binary", "regression"})),
    ("loss.pos_weight", _only("pos_weight", _set("pos_weight"), "task", {"", "binary"})),
    ("loss.class_weight", _only("class_weight", _set("class_weight"), "task", {"", "binary", "multiclass"})),
    ("loss.label_smoothing", _only("label_smoothing", _set("label_smoothing"), "task", {"", "binary", "multiclass"})),
    ("monitor", _only("monitor", {"val/accuracy", "val/auroc"}, "task", {"", "binary", "multiclass"})),
    ("task.threshold", _only("threshold", _set("threshold"), "task", {"", "binary"})),
    ("task.threshold", _only("threshold", _set("threshold"), "data", BINARY)),
    ("task.threshold_goal", _only("goal", _set("goal"), "task", {"", "binary"})),
    ("task.threshold_goal", _only("goal", _set("goal"), "data", BINARY)),
    ("task.positive", _only("positive", _set("positive"), "task", {"", "binary"})),
    ("task.positive", _only("positive", _set("positive"), "data", BINARY)),
    ("task.calibrate", _only("calibrate", _set("calibrate"), "task", {"", "binary", "multiclass"})),
    ("task.calibrate", _only("calibrate", _set("calibrate"), "data", CLASSIFICATION)),
    ("loss", _only("loss", {"bce"}, "data", BINARY)),
    ("loss", _only("loss", {"cross_entropy", "focal"}, "data", CLASSIFICATION)),
    ("loss", _only("loss", {"mse", "l1", "huber"}, "data", BINARY | REGRESSION)),
    ("poisson", _only("loss", {"poisson"}, "data", {"counts", "regression", "diabetes"})),
    ("poisson", _only("loss", {"poisson"}, "normalize_target", {"", "no"})),
    ("loss.class_weight", _only("class_weight", _set("class_weight"), "loss", {"", "bce", "cross_entropy", "focal"})),
    ("loss.class_weight", _only("class_weight", _set("class_weight"), "data", CLASSIFICATION)),
    ("loss.pos_weight", _only("pos_weight", _set("pos_weight"), "loss", {"", "bce"})),
    ("loss.pos_weight", _only("pos_weight", _set("pos_weight"), "data", BINARY)),
    ("loss.label_smoothing", _only("label_smoothing", _set("label_smoothing"), "loss", {"", "bce", "cross_entropy"})),
    ("loss.label_smoothing", _only("label_smoothing", _set("label_smoothing"), "data", CLASSIFICATION)),
    ("data.", _only("split", set(FACTORS["split"]) - {"", "random", "time"}, "data", WITH_ROLES)),
    ("data.folds", _only("folds", _set("folds"), "split", set(FACTORS["split"]) - {"time", "dated", "column"})),
    ("data.split", _only("split", {"time"}, "data", set(FACTORS["data"]) - {"pictures", "documents", "iris"})),
    (
        None,  # a sample may lack a digit
        {"class_weight": frozenset({"listed"}), "data": frozenset({"digits"}), "max_rows": _set("max_rows")},
    ),
    (
        "data.folds",
        {"folds": _set("folds"), "data": frozenset({"line"}), "split": frozenset({""})},  # which splits by time itself
    ),
    ("data.weight", _only("weight", _set("weight"), "data", WITH_ROLES)),
    ("data.", _only("columns", _set("columns"), "data", FILES | {"parquet"})),
    ("data.impute", _only("impute", _set("impute"), "data", TABLES)),
    ("data.", _only("categories", _set("categories"), "data", TABLES)),
    ("data.", _only("images", {"resized", "grey", "colour"}, "data", {"pictures", "pictures_split"})),
    ("data.augmentation", _only("images", {"varied", "all_varied"}, "data", IMAGES)),
    ("data.", _only("words", _set("words"), "data", TEXTS)),
    ("monitor", _only("monitor", {"val/accuracy", "val/auroc"}, "data", CLASSIFICATION)),
    ("monitor", _only("monitor", {"val/r2"}, "data", REGRESSION)),
]


def refused_rows(most: int = 3) -> list[tuple[Row, str]]:
    """Rows that hold a conflict, up to so many of each, and what the refusal names; their values take turns."""
    found = []
    for named, conflict in CONFLICTS:
        if named is None:
            continue
        values = {factor: sorted(ones) for factor, ones in conflict.items()}
        count = min(max(map(len, values.values())), most)
        found += [({name: ones[i % len(ones)] for name, ones in values.items()}, named) for i in range(count)]
    return found
