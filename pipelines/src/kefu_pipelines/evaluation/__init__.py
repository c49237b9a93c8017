"""Evaluation: golden questions through the real gateway and the real search, scored against the facts they must hold."""
