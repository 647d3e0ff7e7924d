"""``zkroute prove``: the proof of a routed batch."""

from __future__ import annotations

from pathlib import Path

import click

from zkroute.cli.options import FilePath, key_option, pass_terminal, speaking
from zkroute.cli.terminal import Terminal
from zkroute.cli.workspace import BatchFolder


@click.command("prove")
@click.argument("batch", type=FilePath)
@key_option
@click.option(
    "--check", is_flag=True, help="Check every rule on every row first, and name failures."
)
@click.option("--output", "-o", type=FilePath, help="The proof's file.  [default: BATCH/proof.bin]")
@click.option(
    "--workers",
    type=click.IntRange(1, 1024),
    help="Processes to prove a folder of batches with.  [default: 1]",
)
@click.option("--scheduler", help="Prove a folder of batches on the Dask cluster at this address.")
@speaking
@click.pass_context
@pass_terminal
def command(
    terminal: Terminal,
    context: click.Context,
    batch: Path,
    key: Path,
    check: bool,
    output: Path | None,
    workers: int | None,
    scheduler: str | None,
) -> None:
    """Prove that the batch in folder BATCH, or every batch in it, was routed by its policy.

    A batch is proven once: a second proof of the same header could reveal something together with
    the first. Run again, this writes the proof that was made.
    """
    if BatchFolder.of(batch).header.exists() or not batch.is_dir():
        if workers or scheduler:
            raise click.UsageError("--workers and --scheduler are for a folder of batches")
        _prove_one(terminal, batch, key, check, output)
        return
    if check or output:
        raise click.UsageError("--check and --output are for a single batch")
    from zkroute.cli.many_proofs import batches_in, prove_many

    if workers and scheduler:
        raise click.UsageError("--workers and --scheduler exclude each other")
    many = prove_many(terminal, batches_in(batch), key, workers or 1, scheduler)
    terminal.answer(many.document())
    context.exit(many.exit_code)


def _prove_one(
    terminal: Terminal, batch: Path, key: Path, check: bool, output: Path | None
) -> None:
    """Announced, watched, and checked before where asked."""
    from prover.keygen import ProvingKey
    from zkroute.algebra.engine import engine
    from zkroute.atomic import write_atomic
    from zkroute.cli.artefacts import read_key
    from zkroute.cli.batches import load_batch, record_proof, require_unproven
    from zkroute.cli.operator_terms import check_batch
    from zkroute.cli.outputs import require_free
    from zkroute.cli.proving import prove_watched
    from zkroute.cli.reference_strings import srs_of_key

    folder = BatchFolder.of(batch)
    target = output or folder.proof
    if output is not None:
        require_free(output)
    verifying_key = read_key(key)
    stored = load_batch(folder, verifying_key)
    figures: dict[str, object] = {}
    proof = stored.proof
    if proof:
        terminal.say(f"{folder.path} is proven already; this is that proof")
    if check or not proof:
        proving_key = ProvingKey(verifying_key, srs_of_key(verifying_key), engine())
        if check:
            check_batch(proving_key, stored)
            terminal.say("checked: every rule holds on every row")
        if not proof:
            require_unproven(stored)
            proven = prove_watched(terminal, proving_key, stored)
            proof, figures = proven.proof, proven.figures()
            record_proof(folder, proof)
            terminal.say(f"proven in {proven.seconds:.2f} s")
    write_atomic(target, proof)
    terminal.say(f"proof in {target}, {len(proof):,} bytes")
    terminal.answer(
        {
            "proof": str(target),
            "proof_bytes": len(proof),
            "made_before": bool(stored.proof),
            "header": stored.committed.header.digest.hex(),
            "key": verifying_key.digest.hex(),
        }
        | figures
    )
