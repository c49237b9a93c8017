"""The word by which the model says that the evidence holds no answer; the customer never sees it."""

MARKER = "[UNKNOWN]"
