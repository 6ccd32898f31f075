"""What the regulation says: pure functions and frozen records.

Nothing here awaits, reads a clock, or reaches a network or a database; `now`, `today` and the
policy are handed in. That is why every rule can be tested with a table of dates.
"""
