"""The demo: `examples/shop` served on this machine, asked, and judged by its golden questions."""
