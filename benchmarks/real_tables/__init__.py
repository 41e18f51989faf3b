"""What `tables.py` compares on: which tables, with which established models, and the page of the result."""
