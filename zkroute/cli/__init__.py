"""The command line. Thin: options in one file, one short file per verb, heavy imports on use."""
