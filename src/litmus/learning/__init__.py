"""The one LightningModule, the loop it is trained by, and what is kept of a training."""
