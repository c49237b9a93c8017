"""Models behind HTTP, whether they embed or rerank: one way to ask, to wait for a busy server, and to name what failed."""
