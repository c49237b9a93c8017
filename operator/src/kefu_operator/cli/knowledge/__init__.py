"""What `kefu knowledge` works on: an index of a cluster or of a local instance, behind one protocol."""
