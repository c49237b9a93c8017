"""Bounds on what one document may cost, in one place, because each of them is the answer to an attack or an accident."""

MIB = 1024 * 1024

FILE_BYTES = 64 * MIB
"""Largest file of a binary format: a scanned manual of some hundred pages."""
TEXT_BYTES = 16 * MIB
"""Largest text file: parsed in this process, in seconds."""
YAML_BYTES = 4 * MIB
"""Largest YAML file: its parser takes a second a megabyte."""
FILES = 10_000
"""Files of one source's folder."""

ENTRIES = 20_000
"""FAQ entries or records of one file."""
COLUMNS = 200
"""Columns of a table."""
CELL = 20_000
"""Characters of one cell."""
TITLE = 300
"""Characters of a document's title."""
OMISSIONS = 50
"""Omitted rows of one file that are named; the others are counted."""

UNPACKED_BYTES = 256 * MIB
"""What a DOCX or XLSX may unpack to."""
UNPACKED_RATIO = 200
"""How many times its packed size a member may unpack to; text compresses 20 times at most, zeros 1000 times."""
MEMBERS = 5_000
"""Files inside a DOCX or XLSX."""

PAGES = 2_000
"""Pages of a PDF."""
PIXELS = 40_000_000
"""Pixels of a picture: A3 at 400 dpi is 31 million."""
OUTPUT_CHARACTERS = 20_000_000
"""Text of one document."""

PARSE_SECONDS = 300.0
"""Wall clock of one document in the child process, recognition of its scanned pages included."""
PARSE_CPU_SECONDS = 240
"""Processor time of one document in the child process."""
OCR_SECONDS = 200.0
"""Wall clock that the scanned pages of one document may take, together; the others are left out."""
OCR_PAGE_SECONDS = 60.0
"""Wall clock of one scanned page."""
PARSE_MEMORY = 1024 * MIB
"""Address space of the child process and of each program it starts."""
