"""Sources: files and inline text in, typed documents out; what cannot be read is skipped with a reason."""
