"""The prover's side of the lookup argument: helper columns and the accumulator."""
