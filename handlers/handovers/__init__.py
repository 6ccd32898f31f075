"""Handovers: the clock, the papers, signatures, gaps, shelving, receipts and rates."""
