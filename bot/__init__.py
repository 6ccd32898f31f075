"""The running program: the top floor, and the only one that waits for anything."""
