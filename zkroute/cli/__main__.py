"""The entry point: loads the command line where Ctrl-C is already waited for."""

from __future__ import annotations

import sys

from zkroute.cli.interruption import INTERRUPTED, KIND, MESSAGE


def main() -> None:
    """Run the command line and exit."""
    try:
        from zkroute.cli.main import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write(f"zkroute: {MESSAGE}\n")
        if "--json" in sys.argv:
            import json

            document = {"error": KIND, "exit_code": INTERRUPTED, "message": MESSAGE}
            sys.stdout.write(json.dumps(document, indent=2) + "\n")
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
