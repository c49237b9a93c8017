"""Drafting golden questions: passages of a version out, questions by a language model in, each tried before it is kept."""
