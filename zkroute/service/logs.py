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


class LastError(logging.Handler):
    """Remembers the newest error, for who has to say why the service ended."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.message = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message."""
        self.message = record.getMessage()


def log_to_stdout() -> LastError:
    """Let everything from level INFO on go to stdout in lines of JSON; returns what keeps the
    newest error."""
    handler, last = logging.StreamHandler(sys.stdout), LastError()
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler, last]
    root.setLevel(logging.INFO)
    return last
