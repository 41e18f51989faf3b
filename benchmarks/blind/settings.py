"""Settings of a network, as Litmus and as scikit-learn spell them, so that what is planted is what is verified."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor

ACTIVATIONS = {"relu": "relu", "tanh": "tanh", "sigmoid": "logistic", "none": "identity"}


@dataclass(frozen=True)
class Settings:
    """What a run changes; the defaults are those of `litmus train`, or close to them.

    Args:
        hidden: Units of each hidden layer.
        epochs: Most passes over the training rows.
        init_std: Standard deviation of the first weights; 0: all of them are 0; None: the library's own.
        init_bias: Of all hidden layers at the start; None: the library's own.
        patience: Epochs without improvement; None: all epochs are trained.
        normalize_target: Whether a number is standardised for the loss.
    """

    hidden: tuple[int, ...] = (64, 64)
    activation: Literal["relu", "tanh", "sigmoid", "none"] = "relu"
    optimizer: Literal["adam", "sgd"] = "adam"
    lr: float = 1e-3
    momentum: float = 0.0
    weight_decay: float = 0.0
    batch_size: int = 32
    epochs: int = 60
    shuffle: bool = True
    init_std: float | None = None
    init_bias: float | None = None
    patience: int | None = 10
    normalize_target: bool = True

    def overrides(self) -> list[str]:
        """The words of a command line for whatever differs from the defaults."""
        usual = Settings()
        keys = {
            "model.activation": (self.activation, usual.activation),
            "optimizer.momentum": (self.momentum, usual.momentum),
            "optimizer.lr": (self.lr, usual.lr if self.optimizer == "adam" else None),
            "optimizer.weight_decay": (self.weight_decay, usual.weight_decay),
            "data.batch_size": (self.batch_size, usual.batch_size),
            "trainer.max_epochs": (self.epochs, usual.epochs),
            "data.shuffle": (str(self.shuffle).lower(), "true"),
            "model.init_bias": (self.init_bias, usual.init_bias),
            "data.normalize_target": (str(self.normalize_target).lower(), "true"),
        }
        words = [f"optimizer={self.optimizer}"] if self.optimizer != usual.optimizer else []
        if self.hidden != usual.hidden:
            words.append(f"model.hidden=[{','.join(map(str, self.hidden))}]")
        if self.init_std is not None:
            words += ["model.init=zeros"] if self.init_std == 0 else [f"model.init_std={self.init_std}"]
        if self.patience is None:
            words.append("callback.early_stopping=null")
        return words + [f"{key}={value}" for key, (value, default) in keys.items() if value != default]

    def fit(self, X: np.ndarray, y: np.ndarray, *, classes: bool, seed: int) -> Any:
        """scikit-learn's network with these settings, fitted."""
        patience = self.patience if self.patience is not None else self.epochs + 1
        model = (MLPClassifier if classes else MLPRegressor)(
            hidden_layer_sizes=self.hidden,
            activation=ACTIVATIONS[self.activation],
            solver=self.optimizer,
            learning_rate_init=self.lr,
            momentum=self.momentum,
            nesterovs_momentum=False,
            alpha=self.weight_decay * self.batch_size,  # it is divided by the batch's rows
            batch_size=min(self.batch_size, len(X)),
            max_iter=self.epochs,
            n_iter_no_change=patience,
            shuffle=self.shuffle,
            random_state=seed,
        )
        if self.init_std is not None or self.init_bias is not None:
            self.start(model, X, y, seed)
        return model.fit(X, y)

    def start(self, model: Any, X: np.ndarray, y: np.ndarray, seed: int) -> None:
        """Puts the weights where training is to begin."""
        model.set_params(max_iter=1, warm_start=True).fit(X, y)
        rng = np.random.default_rng(seed)
        if self.init_std is not None:
            model.coefs_ = [rng.normal(0, self.init_std, weight.shape) for weight in model.coefs_]
            model.intercepts_ = [np.zeros_like(bias) for bias in model.intercepts_]
        if self.init_bias is not None:
            model.intercepts_ = [np.full_like(bias, self.init_bias) for bias in model.intercepts_]
        model.best_loss_ = np.inf  # of the epoch that only made the weights
        model.set_params(max_iter=self.epochs)
