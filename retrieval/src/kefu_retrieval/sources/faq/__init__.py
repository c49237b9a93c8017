"""FAQ entries, whatever file holds them."""
