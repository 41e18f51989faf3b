"""What a model scores: metrics with intervals, differences, thresholds, calibration, and where it fails."""
