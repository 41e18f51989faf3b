"""What each command does, one file each, read from top to bottom; `cli` turns words into calls of their `main`."""
