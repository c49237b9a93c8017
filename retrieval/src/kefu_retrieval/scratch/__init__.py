"""Scratch: what a build keeps on disk while it runs, so that memory does not grow with the documents."""
