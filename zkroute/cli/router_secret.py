"""Private keys as commands get them: from a file or the environment, a passphrase if need be."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
from click.core import ParameterSource
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from zkroute.errors import UsageError
from zkroute.formats.router_key import decode_private_key, read_private_key

KEY_VARIABLE = "ZKROUTE_ROUTER_KEY"
"""Holds the router's key itself, in PEM, where there is no file to keep it in."""
PASSPHRASE_VARIABLE = "ZKROUTE_PASSPHRASE"  # noqa: S105  the variable's name is no secret


def router_secret(path: Path) -> Ed25519PrivateKey:
    """The router's key: from the file if the command line names it, else from the environment if
    it is there, else from the file's default."""
    text = os.environ.get(KEY_VARIABLE)
    context = click.get_current_context(silent=True)
    source = context.get_parameter_source("router_key") if context else None
    if text and source is not ParameterSource.COMMANDLINE:
        return decode_private_key(text.encode(), KEY_VARIABLE, ask_passphrase)
    return read_private_key(path, ask_passphrase)


def private_key(path: Path) -> Ed25519PrivateKey:
    """A private key in a file."""
    return read_private_key(path, ask_passphrase)


def ask_passphrase() -> bytes:
    """The passphrase from the environment, or from whoever sits at the terminal."""
    text = os.environ.get(PASSPHRASE_VARIABLE)
    if text is None:
        if not sys.stdin.isatty():
            raise UsageError(
                f"the key is protected by a passphrase; put it into {PASSPHRASE_VARIABLE}"
            )
        text = click.prompt("passphrase", hide_input=True, err=True)
    return text.encode()


def new_passphrase() -> bytes:
    """A passphrase for a new key, asked twice. Raises UsageError for an empty one."""
    text = os.environ.get(PASSPHRASE_VARIABLE)
    if text is None:
        if not sys.stdin.isatty():
            raise UsageError(f"put the new passphrase into {PASSPHRASE_VARIABLE}")
        text = click.prompt("new passphrase", hide_input=True, confirmation_prompt=True, err=True)
    if not text:
        raise UsageError("an empty passphrase protects nothing")
    return text.encode()
