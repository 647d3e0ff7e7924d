"""The prover: traces, commitments, arguments and openings. Never imported by the verifier."""
