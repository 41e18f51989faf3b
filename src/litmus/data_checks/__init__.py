"""What is wrong with the rows themselves: duplicates, leaks, groups, time, shift, labels."""
