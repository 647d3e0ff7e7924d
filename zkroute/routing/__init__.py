"""The routing engine: the published policy executed in plain Python, the executable specification."""
