"""``python -m zkroute.cli``: the command line without its console script."""

from zkroute.cli.main import main

if __name__ == "__main__":
    main()
