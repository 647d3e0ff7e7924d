"""What a settlement node, a trader and an auditor check, and the ledger a node keeps."""
