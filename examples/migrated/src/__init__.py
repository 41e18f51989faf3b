"""A project of digits, as it was before it came here."""
