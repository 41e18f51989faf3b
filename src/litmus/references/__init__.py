"""What the baseline and established models make of the same rows."""
