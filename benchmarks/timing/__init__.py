"""What `speed.py` measures, and with what."""
