"""What Ctrl-C ends with. Loads nothing: it may come before anything is loaded."""

INTERRUPTED = 130
"""As shells have it for Ctrl-C; 1 would read as an invalid proof."""
MESSAGE = "interrupted; every file there is whole"
"""Files take their places in one step; how far the work came, only the command would know."""
KIND = "interrupted"
