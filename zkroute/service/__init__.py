"""A settlement gate behind HTTP: an optional extra, ``pip install 'zkroute[service]'``."""
