"""What the model reads, and how its words are read back: pure text, no I/O."""
