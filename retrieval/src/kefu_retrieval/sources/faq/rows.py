"""FAQ entries out of a table: a row an entry, columns by their names."""

from kefu_retrieval.errors import DocumentRefused
from kefu_retrieval.sources.document import Reading
from kefu_retrieval.sources.faq import entries
from kefu_retrieval.sources.file import File
from kefu_retrieval.sources.omitted import bounded
from kefu_retrieval.sources.tables import columns
from kefu_retrieval.sources.tables.table import Table


def parse(file: File, table: Table) -> Reading:
    """Every row as an entry; wrong ones are omitted with the field and the remedy.

    Raises:
        DocumentRefused: there is no column for questions, or none for answers.
    """
    meant = columns.meaning(table.columns)
    for needed in ("question", "answer"):
        if needed not in meant:
            known = ", ".join(columns.NAMES[needed][:3])
            raise DocumentRefused(f"has no column for the {needed}; name one of its columns {needed} (or {known})")
    reading = Reading()
    for row in table.rows:
        item: dict[str, object] = {key: row.cells[column] for key, column in meant.items() if column in row.cells}
        item.pop("title", None)
        for key, split in (("variants", columns.several), ("tags", columns.tags)):
            if key in item:
                item[key] = split(str(item[key]))
        entries.add(reading, file, row.number, item)
    return bounded(reading, file, table.more)
