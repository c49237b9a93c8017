"""Conversations: what was asked and answered before, for as long as the release says."""
