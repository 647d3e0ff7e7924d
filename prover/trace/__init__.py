"""One module per table: how its columns are filled; same names as circuits/tables."""
