"""The real API server, asked by one connection that stays open: a test that waits asks it many times a second."""
