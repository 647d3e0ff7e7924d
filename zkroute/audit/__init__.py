"""Publishing a chain of batches, and checking a published one from public files alone."""
