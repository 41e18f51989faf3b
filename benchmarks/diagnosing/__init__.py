"""Runs the cases, keeps what they showed, and scores what was said of them."""
