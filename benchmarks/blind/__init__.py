"""The blind half of the diagnosis benchmark: planted faults and healthy twins on real tables that packages ship.

It was written from the list of finding names alone, by somebody who had read neither the rules of the verdict nor the
other cases. `tables` chooses the tables, `faults` and `healthy` plant, `verify` shows with scikit-learn that each case
is what it claims to be, and `judge` scores what Litmus says of it.
"""
