"""What the verbs of a settlement node have in common."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from zkroute.cli import workspace
from zkroute.errors import UsageError, ZkrouteError
from zkroute.formats.documents import read_snapshot
from zkroute.formats.telemetry import read_telemetry
from zkroute.protocol.key import VerifyingKey
from zkroute.settlement.configuration_file import LEDGER
from zkroute.settlement.gate import Refused, SignedSnapshot


class RefusedError(ZkrouteError):
    """A gate's refusal, with its code and exit code."""

    def __init__(self, answer: Refused) -> None:
        super().__init__(answer.sentence)
        self.code = RefusalCode(answer.code)
        self.exit_code = answer.exit_code


@dataclass(frozen=True)
class RefusalCode:
    """The code of a refusal, as errors carry theirs."""

    value: str


def signed_snapshot(snapshot: Path | None, telemetry: Path | None) -> SignedSnapshot | None:
    """The snapshot in a file with the nodes' signatures in another; both or neither."""
    if (snapshot is None) != (telemetry is None):
        raise UsageError("--snapshot and --telemetry go together")
    if snapshot is None or telemetry is None:
        return None
    return SignedSnapshot(read_snapshot(snapshot), read_telemetry(telemetry))


def ledger_name(configuration: Path) -> str:
    """Name of the ledger beside a configuration file: each node of a folder has its own."""
    if configuration.name == workspace.NODE:
        return LEDGER
    stem = configuration.stem if configuration.suffix == ".toml" else configuration.name
    return f"{stem}.{LEDGER}"


def configuration_text(
    key: VerifyingKey,
    router: bytes,
    key_file: Path,
    nodes_file: Path,
    node: str | None,
    traders_file: Path | None,
    output: Path,
) -> str:
    """A commented configuration for the file ``output``, as ``read_configuration`` reads it."""

    def quoted(text: str) -> str:
        # a text of JSON is one of TOML
        return json.dumps(text, ensure_ascii=False)

    def beside(path: Path) -> str:
        return quoted(Path(os.path.relpath(path, output.parent)).as_posix())

    me = f'node = "{node}"' if node else '# node = "NAME"   # without it this node only observes'
    signatures = "registered" if traders_file else "any" if node else "none"
    traders = (
        f"traders = {beside(traders_file)}"
        if traders_file
        else '# traders = "traders.json"   # with signatures = "registered"'
    )
    ledger = ledger_name(output)
    return f"""\
# Everything that this node accepts. What is not named here is refused.
chain = "{key.policy.chain}"
{me}

# Files may be replaced; what counts are the digests.
keys = [{beside(key_file)}]
key_digests = ["{key.digest.hex()}"]
# An insecure development string is accepted by being named here; a real node names none.
srs = ["{key.srs}"]
routers = ["{router.hex()}"]
# handovers = ["handover.json"]

# Snapshots accepted as they are. Any other must be signed by its nodes, below.
snapshots = [{beside(nodes_file)}]

# One for each node: a ledger that two share takes what one of them accepted for the other's.
ledger = {quoted(ledger)}
# Better on another disk: with the ledger it shows whether either was put back in time.
checkpoint = {quoted(f"{ledger}.checkpoint")}

[orders]
# registered: signed with a key that the traders file lists; any: signed by anybody; none
signatures = "{signatures}"
{traders}

[telemetry]
# operators = ["PUBLIC KEY"]      # may speak for any node
[telemetry.nodes]
# NAME = "PUBLIC KEY"
"""
