"""The constraint language: expressions, tables, buses, circuits, and the checker."""
