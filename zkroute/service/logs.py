"""Logs for machines: one line of JSON each, on stdout."""

from __future__ import annotations

import json
import logging
import sys
import time


class JsonLines(logging.Formatter):
    """A record as JSON, with its time; messages that are JSON objects are merged in."""

    def format(self, record: logging.LogRecord) -> str:
        """The line. Tracebacks are left out: they may quote what a client sent."""
        line: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        message = record.getMessage()
        try:
            content = json.loads(message)
        except ValueError:
            content = None
        line |= content if isinstance(content, dict) else {"message": message}
        return json.dumps(line)


def log_to_stdout() -> None:
    """Let everything from level INFO on go to stdout in lines of JSON."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
