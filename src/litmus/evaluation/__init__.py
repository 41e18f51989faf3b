"""What a trained model is worth: scores with intervals, thresholds, calibration, references and checks of the data."""
