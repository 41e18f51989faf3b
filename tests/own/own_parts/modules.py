"""LightningModules in ten styles."""

from typing import Any

import torch
import torch.nn.functional as F
from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torchmetrics import MaxMetric, MeanMetric
from torchmetrics.classification import MulticlassAccuracy

from litmus.model.mlp import MLP


def layers(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs))


class Classifier(LightningModule):
    """As in Lightning's introduction: one logit a class; `val_loss` and `val_acc` are logged."""

    def __init__(self, in_features: int, num_classes: int = 3, hidden: int = 16, lr: float = 0.01):
        super().__init__()
        self.save_hyperparameters()
        self.net = layers(in_features, hidden, num_classes)

    def forward(self, x):
        return self.net(x)

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = F.cross_entropy(self(x), y)
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch, batch_idx):
        x, y = batch
        logits = self(x)
        self.log("val_loss", F.cross_entropy(logits, y))
        self.log("val_acc", (logits.argmax(1) == y).float().mean(), prog_bar=True)

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.hparams.lr)


class Lazy(Classifier):
    """Its first layer takes its shape from the first batch."""

    def __init__(self, lr: float = 0.01):
        super().__init__(1, lr=lr)
        self.net = nn.Sequential(nn.LazyLinear(16), nn.ReLU(), nn.Linear(16, 3))


class Template(LightningModule):
    """As in the Hydra and Lightning templates: network, optimizer and scheduler come in by the constructor."""

    def __init__(self, net: nn.Module, optimizer: Any, scheduler: Any = None, compile: bool = False) -> None:  # noqa: A002
        super().__init__()
        self.save_hyperparameters(logger=False, ignore=["net"])
        self.net = net
        self.criterion = nn.CrossEntropyLoss()
        self.train_acc, self.val_acc = (MulticlassAccuracy(3, average="micro") for _ in range(2))
        self.train_loss, self.val_loss, self.val_acc_best = MeanMetric(), MeanMetric(), MaxMetric()

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)

    def on_train_start(self) -> None:
        self.val_loss.reset()
        self.val_acc.reset()
        self.val_acc_best.reset()

    def model_step(self, batch):
        x, y = batch
        logits = self.forward(x)
        return self.criterion(logits, y), logits.argmax(dim=1), y

    def training_step(self, batch, batch_idx: int) -> Tensor:
        loss, preds, targets = self.model_step(batch)
        self.train_loss(loss)
        self.train_acc(preds, targets)
        self.log("train/loss", self.train_loss, on_step=False, on_epoch=True, prog_bar=True)
        self.log("train/acc", self.train_acc, on_step=False, on_epoch=True, prog_bar=True)
        return loss

    def validation_step(self, batch, batch_idx: int) -> None:
        loss, preds, targets = self.model_step(batch)
        self.val_loss(loss)
        self.val_acc(preds, targets)
        self.log("val/loss", self.val_loss, on_step=False, on_epoch=True, prog_bar=True)
        self.log("val/acc", self.val_acc, on_step=False, on_epoch=True, prog_bar=True)

    def on_validation_epoch_end(self) -> None:
        self.val_acc_best(self.val_acc.compute())
        self.log("val/acc_best", self.val_acc_best.compute(), sync_dist=True, prog_bar=True)

    def configure_optimizers(self):
        optimizer = self.hparams.optimizer(params=self.trainer.model.parameters())
        if self.hparams.scheduler is None:
            return {"optimizer": optimizer}
        entry = {"scheduler": self.hparams.scheduler(optimizer=optimizer), "monitor": "val/loss", "interval": "epoch"}
        return {"optimizer": optimizer, "lr_scheduler": entry | {"frequency": 1}}


class OneLogit(LightningModule):
    """Two classes by one logit, squeezed to `(n,)`; validation is left to whoever runs it."""

    def __init__(self, in_features: int) -> None:
        super().__init__()
        self.net = layers(in_features, 16, 1)

    def forward(self, x):
        return self.net(x).squeeze(-1)

    def training_step(self, batch, _):
        x, y = batch
        return {"loss": F.binary_cross_entropy_with_logits(self(x), y.float())}

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), 0.02)


class TwoProbabilities(LightningModule):
    """Two classes by softmax inside forward, which returns their probabilities `(n, 2)`."""

    def __init__(self, in_features: int) -> None:
        super().__init__()
        self.net = nn.Sequential(layers(in_features, 16, 2), nn.Softmax(dim=-1))

    def forward(self, x):
        return self.net(x)

    def training_step(self, batch, batch_idx):
        x, y = batch
        return F.nll_loss(self(x).clamp_min(1e-6).log(), y)

    def validation_step(self, batch, batch_idx):
        x, y = batch
        return {"loss": F.nll_loss(self(x).clamp_min(1e-6).log(), y)}

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), 0.1, momentum=0.9)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 5)]


class Regressor(LightningModule):
    """A number `(n, 1)`; the steps call the network and not the module, so that nothing can be caught of them."""

    def __init__(self, in_features: int, lr: float = 0.01) -> None:
        super().__init__()
        self.lr = lr
        self.net = layers(in_features, 32, 1)

    def forward(self, x):
        return self.net(x)

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = F.smooth_l1_loss(self.net(x).squeeze(1), y)
        self.log("loss", loss)
        return loss

    def validation_step(self, batch, batch_idx):
        x, y = batch
        self.log("val/mae_scaled", F.l1_loss(self.net(x).squeeze(1), y))

    def configure_optimizers(self):
        optimizer = torch.optim.RAdam(self.parameters(), self.lr)
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=2)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": plateau, "monitor": "val/mae_scaled"}}


class AutoencoderClassifier(LightningModule):
    """An autoencoder with a classifier head: forward gives the reconstruction and the logits."""

    def __init__(self, in_features: int, num_classes: int = 3, weight: float = 0.1) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.encoder, self.decoder = layers(in_features, 16, 5), layers(5, 16, in_features)
        self.head = nn.Linear(5, num_classes)

    def forward(self, x):
        code = self.encoder(x)
        return self.decoder(code), self.head(code)

    def _losses(self, batch):
        x, y = batch
        back, logits = self(x)
        return F.mse_loss(back, x), F.cross_entropy(logits, y)

    def training_step(self, batch, batch_idx):
        rebuilding, labelling = self._losses(batch)
        self.log_dict({"train/rebuilding": rebuilding, "train/labelling": labelling}, on_step=False, on_epoch=True)
        return self.hparams.weight * rebuilding + labelling

    def validation_step(self, batch, batch_idx):
        rebuilding, labelling = self._losses(batch)
        self.log("val/loss", self.hparams.weight * rebuilding + labelling)

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), 0.01)


class Autoencoder(LightningModule):
    """An autoencoder alone, which predicts nothing of the target."""

    def __init__(self, in_features: int) -> None:
        super().__init__()
        self.encoder, self.decoder = layers(in_features, 16, 2), layers(2, 16, in_features)

    def forward(self, x):
        return self.decoder(self.encoder(x))

    def training_step(self, batch, batch_idx):
        x, _ = batch
        return F.mse_loss(self(x), x)

    def validation_step(self, batch, batch_idx):
        x, _ = batch
        self.log("val/loss", F.mse_loss(self(x), x))

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), 0.01)


class TwoOptimizers(LightningModule):
    """Manual optimization: one optimizer for the body, one for the head, with schedulers stepped by hand."""

    def __init__(self, in_features: int, num_classes: int = 3) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.body, self.head = nn.Sequential(nn.Linear(in_features, 16), nn.ReLU()), nn.Linear(16, num_classes)

    def forward(self, x):
        return self.head(self.body(x))

    def training_step(self, batch, batch_idx):
        x, y = batch
        body, head = self.optimizers()
        loss = F.cross_entropy(self(x), y)
        body.zero_grad()
        head.zero_grad()
        self.manual_backward(loss)
        self.clip_gradients(body, gradient_clip_val=1.0, gradient_clip_algorithm="norm")
        body.step()
        head.step()
        self.log("train/loss", loss, on_epoch=True, on_step=False)

    def on_train_epoch_end(self):
        self.lr_schedulers().step()

    def validation_step(self, batch, batch_idx):
        x, y = batch
        self.log("val/loss", F.cross_entropy(self(x), y))

    def configure_optimizers(self):
        body, head = torch.optim.SGD(self.body.parameters(), 0.1), torch.optim.Adam(self.head.parameters(), 0.01)
        return [body, head], [torch.optim.lr_scheduler.ExponentialLR(body, 0.99)]


class GAN(LightningModule):
    """A generator and a discriminator by manual optimization; forward makes rows from noise."""

    def __init__(self, in_features: int, latent: int = 7) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.automatic_optimization = False
        self.generator, self.discriminator = layers(latent, 16, in_features), layers(in_features, 16, 1)

    def forward(self, z):
        return self.generator(z)

    def training_step(self, batch):
        x, _ = batch
        generating, telling = self.optimizers()
        fake = self(torch.randn(len(x), self.hparams.latent, device=self.device))
        self.toggle_optimizer(telling)
        telling_loss = F.softplus(-self.discriminator(x)).mean() + F.softplus(self.discriminator(fake.detach())).mean()
        telling.zero_grad()
        self.manual_backward(telling_loss)
        telling.step()
        self.untoggle_optimizer(telling)
        self.toggle_optimizer(generating)
        generating_loss = F.softplus(-self.discriminator(fake)).mean()
        generating.zero_grad()
        self.manual_backward(generating_loss)
        generating.step()
        self.untoggle_optimizer(generating)
        self.log_dict({"g_loss": generating_loss, "d_loss": telling_loss}, prog_bar=True)

    def configure_optimizers(self):
        parts = (self.generator, self.discriminator)
        return [torch.optim.Adam(part.parameters(), 1e-3, betas=(0.5, 0.999)) for part in parts], []


class ByBatch(LightningModule):
    """Batches are mappings; what it predicts is told by predict_step, and forward gives an embedding."""

    def __init__(self, in_features: int, num_classes: int = 3) -> None:
        super().__init__()
        self.body, self.head = nn.Sequential(nn.Linear(in_features, 16), nn.Tanh()), nn.Linear(16, num_classes)

    def forward(self, x):
        return self.body(x)

    def training_step(self, batch, batch_idx):
        x, y = (batch["image"], batch["label"]) if isinstance(batch, dict) else batch
        return F.cross_entropy(self.head(self(x)), y)

    def predict_step(self, batch, batch_idx, dataloader_idx=0):
        x = batch["image"] if isinstance(batch, dict) else batch[0]
        return self.head(self(x)).softmax(-1)

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), 0.01)


class LikeOurs(LightningModule):
    """The network that model=mlp makes, trained as Litmus trains it by default."""

    def __init__(self, in_features: int, out_features: int, hidden: tuple[int, ...] = (64, 64)) -> None:
        super().__init__()
        self.model = MLP(in_features=in_features, out_features=out_features, hidden=list(hidden))

    def forward(self, x):
        return self.model(x)

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = F.binary_cross_entropy_with_logits(self(x).squeeze(-1), y.float())
        self.log("train/loss", loss, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch, batch_idx):
        x, y = batch
        self.log("val/loss", F.binary_cross_entropy_with_logits(self(x).squeeze(-1), y.float()))

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=0.001)


class Backbone(Classifier):
    """A classifier whose body is called backbone, frozen at first by Lightning's callback."""

    def __init__(self, in_features: int, num_classes: int = 3) -> None:
        super().__init__(in_features, num_classes)
        self.backbone, self.head = nn.Sequential(nn.Linear(in_features, 16), nn.ReLU()), nn.Linear(16, num_classes)
        del self.net

    def forward(self, x):
        return self.head(self.backbone(x))

    def configure_optimizers(self):
        return torch.optim.Adam([p for p in self.parameters() if p.requires_grad], lr=0.01)


class Code(Autoencoder):
    """An autoencoder whose forward gives a code, as wide as there are classes: it fits, and is no prediction."""

    def __init__(self, in_features: int) -> None:
        super().__init__(in_features)
        self.encoder, self.decoder = layers(in_features, 16, 3), layers(3, 16, in_features)

    def forward(self, x):
        return self.encoder(x)

    def training_step(self, batch, batch_idx):
        x, _ = batch
        return F.mse_loss(self.decoder(self(x)), x)

    validation_step = training_step


class BuiltInSetup(Classifier):
    """Makes its layers in setup, by what the data module says of itself."""

    def __init__(self) -> None:
        super().__init__(4)
        del self.net

    def setup(self, stage):
        self.net = layers(4, 16, self.trainer.datamodule.num_classes)

    def validation_step(self, batch, batch_idx, dataloader_idx=0):
        super().validation_step(batch, batch_idx)


class TwoAtOnce(Classifier):
    """Several optimizers and no manual optimization, which Lightning 2 does not step."""

    def configure_optimizers(self):
        return [torch.optim.Adam(self.net[0].parameters()), torch.optim.SGD(self.net[2].parameters(), 0.1)]


class TwoArguments(nn.Module):
    """A plain module of two inputs."""

    def __init__(self, num_classes: int = 3):
        super().__init__()
        self.net = layers(4, 16, num_classes)

    def forward(self, a, b):
        return self.net(torch.cat([a, b], 1))


class OfPairs(LightningModule):
    """Batches of two inputs and a target."""

    def __init__(self, num_classes: int = 3):
        super().__init__()
        self.net = TwoArguments(num_classes)

    def forward(self, a, b):
        return self.net(a, b)

    def training_step(self, batch, batch_idx):
        a, b, y = batch
        return F.cross_entropy(self(a, b), y)

    def validation_step(self, batch, batch_idx):
        a, b, y = batch
        self.log("val/loss", F.cross_entropy(self(a, b), y))

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=0.01)
