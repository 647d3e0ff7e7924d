"""Reusable pieces of constraint: declared once, used by tables."""
