"""Faults and fixes shown without Litmus's trainer or judge: a hand-written loop on the same rows and settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from sklearn import metrics
from torch import Tensor, nn

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "gelu": nn.GELU, "leaky_relu": nn.LeakyReLU}
OPTIMIZERS = {
    "SGD": torch.optim.SGD,
    "Adam": torch.optim.Adam,
    "AdamW": torch.optim.AdamW,
    "RMSprop": torch.optim.RMSprop,
}
REGRESSION = {
    "Huber": nn.functional.huber_loss,
    "L1": nn.functional.l1_loss,
    "Poisson": nn.functional.poisson_nll_loss,  # of the logarithm of the mean
}
ORDER = ("train", "val", "test")


@final
@dataclass
class Rows:
    """Inputs and targets of one split; `y` in class codes or the target's own unit."""

    x: NDArray[np.float64]
    y: NDArray[Any]


@final
class Table:
    """A frame as numbers: levels as columns of 0 and 1, texts as counts of words, everything else as it is."""

    def __init__(self, frame: pl.DataFrame, *, drop: tuple[str, ...]) -> None:
        self.columns = [name for name in frame.columns if name not in {"y", *drop}]
        self.levels = {
            name: self._words(frame[name]) if name == "text" else sorted(frame[name].unique().drop_nulls().to_list())
            for name in self.columns
            if frame[name].dtype == pl.String
        }
        self.medians = {
            name: frame[name].cast(pl.Float64).median() for name in self.columns if frame[name].dtype != pl.String
        }
        self.classes = sorted(frame["y"].unique().to_list())

    @staticmethod
    def _words(texts: pl.Series) -> list[str]:
        return sorted({word for text in texts for word in text.split()})

    def x(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        parts = [self._column(frame[name]) for name in self.columns]
        return np.concatenate([part.reshape(len(frame), -1) for part in parts], axis=1)

    def _column(self, column: pl.Series) -> NDArray[np.float64]:
        if column.name == "text":
            found = [text.split() for text in column]
            return np.array([[words.count(word) for word in self.levels["text"]] for words in found], dtype=float)
        if column.name in self.levels:
            levels = self.levels[column.name]
            return np.stack([column.eq_missing(level).to_numpy() for level in levels], axis=1).astype(float)
        return column.cast(pl.Float64).fill_null(self.medians[column.name]).to_numpy()

    def codes(self, target: pl.Series) -> NDArray[np.int64]:
        return np.array([self.classes.index(value) for value in target.to_list()])


def train_and_score(
    config: Mapping[str, Any], frame: pl.DataFrame, seed: int, *, metric: str, test: pl.DataFrame | None = None,
    fresh: pl.DataFrame | None = None, picture: tuple[int, ...] | None = None,
) -> tuple[float, float | None]:  # fmt: skip
    """The metric on the test rows, and on fresh ones where given, of a model trained by hand as `config` says.

    Args:
        config: Plain, with the keys that Litmus would leave to its defaults.
        frame: All rows, the target in `y`.
        seed: Of split, weights and order.
        metric: As in `Case`.
        test: Rows of a test file of their own.
        fresh: Rows as they will come in use.
        picture: Shape of a row as an image, for convolutional networks.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    data = config["data"]
    drop = [*(data.get("drop_columns") or ()), *(data.get(key) for key in ("group", "time", "split_column"))]
    if data.get("dedupe"):
        frame = frame.unique(maintain_order=True)
    table = Table(frame, drop=tuple(name for name in drop if name))
    regression = metric in {"r2", "mae"} or "regression" in config["task"]["_target_"]
    parts = split(frame, data, seed)
    if test is not None:
        parts = {"train": pl.concat([parts["train"], parts["test"]]), "val": parts["val"], "test": test}
    if fresh is not None:
        parts["fresh"] = fresh.drop([name for name in fresh.columns if name not in frame.columns])
    rows = {
        name: Rows(table.x(part), part["y"].to_numpy() if regression else table.codes(part["y"]))
        for name, part in parts.items()
    }
    scale(rows, data["normalize"])
    fitted = Fitted(config, rows, len(table.classes), regression=regression, picture=picture)
    fitted.fit(seed)
    scored = [fitted.score(rows[name], metric) for name in ("test", "fresh") if name in rows]
    return scored[0], scored[1] if len(scored) > 1 else None


def split(frame: pl.DataFrame, data: Mapping[str, Any], seed: int) -> dict[str, pl.DataFrame]:
    """60, 20 and 20 % of the rows, or of the groups; or as a column says. Order within a split is kept."""
    rule = data["split"]
    if rule == "column":
        return {name: frame.filter(pl.col(data["split_column"]) == name) for name in ORDER}
    rng = np.random.default_rng(seed)
    if rule in {"group", "stratified_group"}:
        groups = frame[data["group"]].unique().sort().to_list()
        place = dict(zip(groups, rng.permutation(len(groups)) / len(groups), strict=True))
        share = np.array([place[value] for value in frame[data["group"]].to_list()])
    else:
        share = rng.permutation(len(frame)) / len(frame)
    bounds = {"train": (0.0, 0.6), "val": (0.6, 0.8), "test": (0.8, 1.0)}
    return {name: frame.filter(pl.Series((share >= low) & (share < high))) for name, (low, high) in bounds.items()}


def scale(rows: Mapping[str, Rows], how: str) -> None:
    """Scales inputs in place by the training rows."""
    if how == "none":
        return
    x = rows["train"].x
    mean, sd = (x.mean(0), x.std(0)) if how == "standard" else (x.min(0), np.ptp(x, axis=0))
    for part in rows.values():
        part.x = (part.x - mean) / np.where(sd > 0, sd, 1.0)


@final
class Fitted:
    """A network, its loss, and a plain loop."""

    def __init__(
        self, config: Mapping[str, Any], rows: Mapping[str, Rows], classes: int, *, regression: bool,
        picture: tuple[int, ...] | None,
    ) -> None:  # fmt: skip
        self.config, self.rows, self.regression, self.classes = config, rows, regression, classes
        self.outputs = 1 if regression or classes == 2 else classes
        y = rows["train"].y
        wanted = regression and config["data"].get("normalize_target")
        self.shift, self.unit = (float(y.mean()), float(y.std())) if wanted else (0.0, 1.0)
        self.model = network(config["model"], rows["train"].x.shape[1], self.outputs, picture)
        self.loss = self._loss(config["loss"]["_target_"].rpartition(".")[2])
        self.threshold = 0.5

    def fit(self, seed: int) -> None:
        optimizer = self._optimizer()
        x, y = self._tensors(self.rows["train"])
        val_x, val_y = self._tensors(self.rows["val"])
        epochs, data = self.config["trainer"]["max_epochs"], self.config["data"]
        stopping = (self.config["callback"].get("early_stopping") or {}).get("patience", 10**9)
        epochs, stopping = (usual if value == "auto" else value for value, usual in ((epochs, 100), (stopping, 20)))
        keep = self.config["callback"]["checkpoint"]["use"] == "best"
        rng = np.random.default_rng(seed)
        best, best_at, state = np.inf, 0, None
        for epoch in range(epochs):
            order = rng.permutation(len(x)) if data["shuffle"] else np.arange(len(x))
            self._epoch(optimizer, x, y, order, data["batch_size"] or len(x))
            self.model.eval()
            with torch.no_grad():
                now = self.loss(self.model(val_x), val_y).item()
            if now < best:
                best, best_at = now, epoch
                state = {name: value.clone() for name, value in self.model.state_dict().items()} if keep else None
            if epoch - best_at >= stopping or not np.isfinite(now):
                break
        if state is not None:
            self.model.load_state_dict(state)
        self._decide()

    def score(self, part: Rows, metric: str) -> float:
        """One metric, oriented so that more is better; predictions that are not finite score as chance does."""
        out = self._out(part)
        if self.regression and metric in {"r2", "mae"}:
            if not np.isfinite(out).all() or np.abs(out).max() > 1e12:
                out = np.full(len(out), self.rows["train"].y.mean())
            return float(metrics.r2_score(part.y, out) if metric == "r2" else -np.abs(part.y - out).mean())
        out = np.nan_to_num(out)
        if self.regression:
            return float(metrics.balanced_accuracy_score(part.y, np.clip(np.round(out), 0, self.classes - 1)))
        if metric == "log_loss":
            return -float(metrics.log_loss(part.y, out, labels=list(range(self.classes))))
        said = out.argmax(1) if self.classes > 2 else (out[:, 1] >= self.threshold).astype(int)
        return float(NAMED[metric](part.y, said))

    def _decide(self) -> None:
        """The threshold of the config, or the best on validation for F1 or a stated recall."""
        wanted, goal = self.config["task"].get("threshold"), self.config["task"].get("threshold_goal") or "f1"
        if self.regression or self.classes > 2:
            return
        if wanted != "tuned":
            self.threshold = float(0.5 if wanted is None else wanted)
            return
        part = self.rows["val"]
        positive = np.nan_to_num(self._out(part)[:, 1])
        tried = np.unique(positive)
        if goal.startswith("recall@"):
            least = float(goal.partition("@")[2])
            good = [t for t in tried if metrics.recall_score(part.y, positive >= t, zero_division=0) >= least]
            self.threshold = float(max(good, default=0.0))
        else:
            self.threshold = float(max(tried, key=lambda t: metrics.f1_score(part.y, positive >= t, zero_division=0)))

    def _out(self, part: Rows) -> NDArray[np.float64]:
        """Predicted amounts, or probabilities `(n, classes)`."""
        self.model.eval()
        with torch.no_grad():
            raw = self.model(self._tensors(part)[0]).double()
        if self.regression:
            amount = raw[:, 0].exp() if self.config["loss"]["_target_"].endswith("Poisson") else raw[:, 0]
            return (amount * self.unit + self.shift).numpy()
        if self.classes > 2:
            return raw.softmax(1).numpy()
        one = raw[:, 0].sigmoid()
        return torch.stack((1 - one, one), dim=1).numpy()

    def _epoch(self, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor, order: Any, size: int) -> None:
        self.model.train()
        batches = [torch.as_tensor(order[at : at + size]) for at in range(0, len(x), size)]
        group = self.config["trainer"]["accumulate_grad_batches"]
        for first in range(0, len(batches), group):
            together = batches[first : first + group]
            optimizer.zero_grad()
            for batch in together:
                weight = len(batch) / sum(len(one) for one in together)
                (self.loss(self.model(x[batch]), y[batch]) * weight).backward()
            optimizer.step()

    def _tensors(self, part: Rows) -> tuple[Tensor, Tensor]:
        x = torch.as_tensor(part.x, dtype=torch.float32)
        if self.regression:
            return x, torch.as_tensor((part.y.astype(float) - self.shift) / self.unit, dtype=torch.float32)
        return x, torch.as_tensor(part.y, dtype=torch.int64)

    def _optimizer(self) -> torch.optim.Optimizer:
        node = {name: value for name, value in self.config["optimizer"].items() if not name.startswith("_")}
        return OPTIMIZERS[self.config["optimizer"]["_target_"].rpartition(".")[2]](self.model.parameters(), **node)

    def _loss(self, name: str) -> Any:
        if self.regression:
            chosen = REGRESSION.get(name, nn.functional.mse_loss)
            return lambda out, y: chosen(out[:, 0], y)
        weight = None
        if self.config["loss"].get("class_weight") == "balanced":
            counts = np.bincount(self.rows["train"].y, minlength=self.classes)
            weight = torch.as_tensor(counts.sum() / (self.classes * counts), dtype=torch.float32)
        if self.classes > 2:
            return lambda out, y: nn.functional.cross_entropy(out, y, weight)
        ratio = None if weight is None else weight[1] / weight[0]
        return lambda out, y: nn.functional.binary_cross_entropy_with_logits(out[:, 0], y.float(), pos_weight=ratio)


NAMED = {
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "f1": lambda y, said: metrics.f1_score(y, said, zero_division=0),
    "recall": lambda y, said: metrics.recall_score(y, said, zero_division=0),
}


def network(node: Mapping[str, Any], inputs: int, outputs: int, picture: tuple[int, ...] | None) -> nn.Module:
    """The network that a model's config describes."""
    layers: list[nn.Module] = []
    activation = ACTIVATIONS.get(str(node.get("activation", "relu")))
    if node["_target_"].endswith("CNN"):
        assert picture is not None
        layers += [nn.Unflatten(1, picture)]
        channels, side = picture[0], picture[1]
        for width in node["channels"]:
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
            channels, side = width, side // 2
        layers, inputs = [*layers, nn.Flatten()], channels * side * side
    for width in node.get("hidden", ()) if "Linear" not in node["_target_"] else ():
        layers += [
            nn.Linear(inputs, width),
            *([activation()] if activation else []),
            nn.Dropout(node.get("dropout", 0)),
        ]
        inputs = width
    layers.append(nn.Linear(inputs, outputs))
    squash = {"sigmoid": [nn.Sigmoid()], "softmax": [nn.Softmax(-1)]}.get(node.get("output_activation", "none"), [])
    model = nn.Sequential(*layers, *squash)
    start(model, node)
    return model


def start(model: nn.Module, node: Mapping[str, Any]) -> None:
    """Weights as `init`, `init_std` and `init_bias` say."""
    init, bias = node.get("init", "default"), node.get("init_bias")
    for layer in model:
        if not isinstance(layer, nn.Linear):
            continue
        if init == "zeros":
            nn.init.zeros_(layer.weight)
        elif init == "normal":
            nn.init.normal_(layer.weight, std=node.get("init_std") or 0.02)
        if bias is not None or init != "default":
            nn.init.constant_(layer.bias, bias or 0.0)
