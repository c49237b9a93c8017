"""Building: the documents of one snapshot in, a filled collection out, with no more held in memory than a batch."""
