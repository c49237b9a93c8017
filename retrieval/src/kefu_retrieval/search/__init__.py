"""Search: a question in, ranked evidence out, every answer from one version."""
