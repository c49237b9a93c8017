"""From bytes to text, and what any text is made of."""
