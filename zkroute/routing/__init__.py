"""The routing engine: the published policy executed in Python; the executable specification."""
