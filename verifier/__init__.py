"""The verifier: pure Python, one page of numbered steps, raises or returns nothing."""
