"""Whether a model fits its accelerators: pure arithmetic over the model's shape and the class's memory."""
