"""The verifier: one page of numbered steps, which raises or returns nothing."""
