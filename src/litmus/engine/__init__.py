"""Training: the LightningModule, the loops that fit it, its callbacks, checkpoints and curves."""
