"""Phones side by side in a browser page: a messenger of our own, to try, train and test with."""
