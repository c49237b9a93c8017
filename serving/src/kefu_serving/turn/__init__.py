"""One customer message and its answer, as a list of stages that know nothing of HTTP."""
