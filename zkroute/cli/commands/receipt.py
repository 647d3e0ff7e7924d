"""``zkroute receipt``: orders signed, taken in, and followed into their batch."""

from __future__ import annotations

from pathlib import Path

import click

from zkroute.cli import workspace
from zkroute.cli.options import FilePath, key_option, pass_terminal, policy_option, speaking
from zkroute.cli.terminal import Terminal
from zkroute.cli.workspace import BatchFolder

intake_option = click.option(
    "--intake",
    type=FilePath,
    default=workspace.INTAKE,
    show_default=True,
    help="The router's intake log.",
)
routers_option = click.option(
    "--router",
    "routers",
    multiple=True,
    default=[workspace.ROUTER_PUBLIC],
    show_default=True,
    help="Public key of the router, as a file or 64 digits; may be repeated.",
)
handovers_option = click.option(
    "--handover",
    "handovers",
    type=FilePath,
    multiple=True,
    help="A handover of the router's key; may be repeated.",
)


@click.group("receipt")
def command() -> None:
    """Sign orders, take them in against receipts, and find out what became of them."""


@command.command("sign")
@click.argument("orders", type=FilePath, default=workspace.ORDERS)
@policy_option
@click.option("--trader-key", type=FilePath, required=True, help="The trader's private key.")
@click.option(
    "--output",
    "-o",
    type=FilePath,
    default=Path("orders.signed"),
    show_default=True,
    help="The file to write.",
)
@speaking
@pass_terminal
def sign_command(
    terminal: Terminal, orders: Path, policy: Path, trader_key: Path, output: Path
) -> None:
    """Sign a file of ORDERS (.csv, .parquet, .jsonl) as their trader, for the router.

    Keep the signed file: it has the documents that receipts and proofs are held against.
    """
    from zkroute.cli.outputs import require_free
    from zkroute.cli.router_secret import private_key
    from zkroute.formats.documents import read_policy
    from zkroute.formats.signed_orders import write_signed_orders
    from zkroute.model.order import read_orders
    from zkroute.settlement.order_signatures import sign_orders

    # documents signed before are needed as long as their receipts: their salts are nowhere else
    require_free(output)
    rules = read_policy(policy)
    signed = sign_orders(read_orders(orders, rules), rules, private_key(trader_key))
    write_signed_orders(output, signed.orders.records.tobytes(), signed.envelopes)
    terminal.say(f"{output}: {len(signed.orders):,} signed orders")
    terminal.answer({"file": str(output), "orders": len(signed.orders)})


@command.command("issue")
@click.argument("signed", type=FilePath, default=Path("orders.signed"))
@policy_option
@intake_option
@click.option(
    "--router-key",
    type=FilePath,
    default=workspace.ROUTER_KEY,
    show_default=True,
    help="The private key that signs receipts.",
)
@click.option(
    "--nodes",
    type=FilePath,
    help="Take no order that is too large for a node of this snapshot when idle; "
    f"{workspace.NODES} if it is there.",
)
@click.option("--traders", type=FilePath, help="Take only orders signed with a key listed here.")
@click.option(
    "--promise-ms",
    type=click.IntRange(0, 1 << 40),
    default=60_000,
    show_default=True,
    help="How soon an order is in a batch.",
)
@click.option(
    "--receipts",
    type=FilePath,
    default=Path("receipts"),
    show_default=True,
    help="Folder for the receipts, NUMBER.json each.",
)
@speaking
@pass_terminal
def issue_command(
    terminal: Terminal,
    signed: Path,
    policy: Path,
    intake: Path,
    router_key: Path,
    nodes: Path | None,
    traders: Path | None,
    promise_ms: int,
    receipts: Path,
) -> None:
    """Take in SIGNED orders: each gets the next sequence number and a signed receipt.

    'zkroute route --intake' makes the next batch of them.
    """
    from zkroute.cli.router_secret import router_secret
    from zkroute.formats.documents import read_policy, read_snapshot
    from zkroute.formats.receipt import write_receipt
    from zkroute.formats.signed_orders import read_signed_orders
    from zkroute.formats.traders import read_traders
    from zkroute.model.order import orders_from_bytes
    from zkroute.routing.parameters import node_parameters
    from zkroute.settlement.intake import Intake, Terms

    rules = read_policy(policy)
    records, envelopes = read_signed_orders(signed)
    orders = orders_from_bytes(records, rules, str(signed))
    if nodes is None and Path(workspace.NODES).exists():
        nodes = Path(workspace.NODES)
    terms = Terms(
        rules,
        promise_ms,
        traders=read_traders(traders) if traders is not None else None,
        nodes=node_parameters(rules, read_snapshot(nodes), 0) if nodes is not None else None,
    )
    with Intake(intake, terms, router_secret(router_key)) as log:
        given = log.submit(orders, envelopes)
    for receipt in given:
        write_receipt(receipts / f"{receipt.sequence}.json", receipt)
    first, last = (given[0].sequence, given[-1].sequence) if given else (None, None)
    if given:
        terminal.say(f"{receipts}: {len(given):,} receipts, numbers {first} to {last}")
    else:
        terminal.say("no orders, no receipts")
    terminal.answer({"receipts": str(receipts), "count": len(given), "first": first, "last": last})


@command.command("check")
@click.argument("receipt", type=FilePath)
@click.argument("batch", type=FilePath)
@click.option("--after", type=FilePath, help="Header or folder of the batch before BATCH.")
@click.option("--inclusion", type=FilePath, help="The router's inclusion proof for this order.")
@click.option("--orders", type=FilePath, help="The signed orders, to compare every field.")
@key_option
@routers_option
@handovers_option
@click.option("--evidence", type=FilePath, help="Where to write evidence, if there is any.")
@speaking
@pass_terminal
def check_command(
    terminal: Terminal,
    receipt: Path,
    batch: Path,
    after: Path | None,
    inclusion: Path | None,
    orders: Path | None,
    key: Path,
    routers: tuple[str, ...],
    handovers: tuple[Path, ...],
    evidence: Path | None,
) -> None:
    """Find out what became of the order of RECEIPT, by what is published in folder BATCH.

    Exit code 0 if it is included as promised, 1 if it was altered or is missing, 5 if its batch
    is still to come.
    """
    from zkroute.cli.artefacts import read_header, read_key
    from zkroute.cli.following import router_keys, say_verdict, verdict_of
    from zkroute.formats.receipt import read_receipt

    verifying_key = read_key(key)
    verdict = verdict_of(
        read_receipt(receipt),
        BatchFolder.of(batch),
        read_header(batch),
        read_header(after) if after is not None else None,
        inclusion,
        orders,
        verifying_key,
        router_keys(routers, handovers, verifying_key.policy.chain),
    )
    say_verdict(terminal, verdict, evidence)


@command.command("evidence")
@click.argument("file", type=FilePath)
@key_option
@routers_option
@handovers_option
@speaking
@pass_terminal
def evidence_command(
    terminal: Terminal,
    file: Path,
    key: Path,
    routers: tuple[str, ...],
    handovers: tuple[Path, ...],
) -> None:
    """Check the evidence in FILE, and say what it shows against the router."""
    from zkroute.cli.artefacts import read_key
    from zkroute.cli.following import router_keys
    from zkroute.formats.evidence import read_evidence
    from zkroute.settlement.evidence import check_evidence

    verifying_key = read_key(key)
    chain = verifying_key.policy.chain
    evidence = read_evidence(file)
    sentence = check_evidence(
        evidence, chain, router_keys(routers, handovers, chain), verifying_key
    )
    terminal.say(f"it shows that {sentence}")
    terminal.answer({"valid": True, "kind": evidence.kind.value, "sentence": sentence})


@command.command("compare")
@click.argument("first", type=FilePath)
@click.argument("second", type=FilePath)
@routers_option
@handovers_option
@click.option("--evidence", type=FilePath, help="Where to write evidence, if there is any.")
@speaking
@pass_terminal
def compare_command(
    terminal: Terminal,
    first: Path,
    second: Path,
    routers: tuple[str, ...],
    handovers: tuple[Path, ...],
    evidence: Path | None,
) -> None:
    """See whether two receipts can both be true; they may be of different traders."""
    from zkroute.cli.following import keep_evidence, router_keys
    from zkroute.formats.receipt import read_receipt
    from zkroute.settlement.evidence import check_evidence, require_receipt
    from zkroute.settlement.receipts import contradiction

    receipts = [read_receipt(first), read_receipt(second)]
    chain = receipts[0].chain
    keys = router_keys(routers, handovers, chain)
    for receipt in receipts:
        require_receipt(receipt, chain, keys)
    found = contradiction(*receipts)
    if found is not None:
        check_evidence(found, chain, keys)
    terminal.say(
        "both can be true" if found is None else "they contradict each other: the router lied"
    )
    if found is not None and evidence is not None:
        keep_evidence(terminal, found, evidence)
    terminal.answer(
        {
            "contradict": found is not None,
            "evidence": str(evidence) if found is not None and evidence is not None else None,
        }
    )
