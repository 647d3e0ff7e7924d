"""That a proof shows nothing: transcripts made without a witness."""
