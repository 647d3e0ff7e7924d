"""One module per verb, each with its click command under the name ``command``.

Heavy imports stand inside the functions: ``--help`` and usage errors must not load numpy or numba.
"""
