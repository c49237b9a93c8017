"""Web pages: what a visitor reads, as Markdown."""
