"""Loans: asked for, handed out, reminded of, renewed, recalled, returned; the register."""
