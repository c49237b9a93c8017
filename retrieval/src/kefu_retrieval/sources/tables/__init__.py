"""Tables and records: CSV, XLSX, JSON."""
