"""Encoding: what a model sees of rows, fitted on the training rows alone and stored with the model."""
