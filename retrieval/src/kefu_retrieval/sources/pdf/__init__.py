"""PDF documents: pages with their headings and tables."""
