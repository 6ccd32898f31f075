"""Corrections of wrong customer data: plan, approvals, carrying out, report."""
