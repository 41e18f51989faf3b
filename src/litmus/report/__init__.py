"""What a run tells people: on the terminal, in TensorBoard, as a page, and in files."""
