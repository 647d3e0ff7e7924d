"""One module per table of the routing statement, named as in docs/tables."""
