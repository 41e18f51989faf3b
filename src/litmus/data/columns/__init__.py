"""Columns: what the cells of a table hold, and which columns are features, target or neither."""
