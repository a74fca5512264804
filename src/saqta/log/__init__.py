"""The append-only log: memory and SQLite behind one port, its Merkle tree, checkpoints, tables and step runner."""
