"""`kefu rollout`: what it reads, what it changes in a spec, and how it shows both."""
