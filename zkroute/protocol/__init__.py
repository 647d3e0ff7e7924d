"""What prover and verifier share: transcript, schedule, claims, keys, SRS."""
