"""What `kefu status` shows: the same tree from a local instance or from the objects of a cluster."""
