"""One module per artefact on disk: strict readers, canonical writers."""
