"""Where documents come from, and in which format."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kefu_api.kinds.meta import ConfigMapReference
from kefu_api.kinds.places import GitPlace, HttpPlace, PushPlace, S3Place, SitemapPlace, SqlPlace
from kefu_api.kinds.rules import Rule, Ruled, at_most_one_of, exactly_one_of, unique
from kefu_api.kinds.schedule import Schedule, schedule_rules
from kefu_api.kinds.shape import SET
from kefu_api.kinds.types import Duration, Name

ColumnName = Annotated[str, Field(min_length=1, max_length=128)]


class Columns(Ruled):
    """Which columns of a table, or fields of JSON records (`a.b` for inner ones), hold what. What is absent is guessed."""

    RULES: ClassVar = (unique("text", remedy="remove the double from columns.text"),)

    id: ColumnName | None = None
    """What names a record; absent: a column called id, sku, 编号 and the like, or else the record's content."""
    title: ColumnName | None = None
    """Absent: a column called title, name, 标题, 名称 and the like."""
    text: Annotated[tuple[ColumnName, ...], Field(max_length=32, json_schema_extra=SET)] = ()
    """The columns that are indexed; empty: all."""
    tags: ColumnName | None = None
    """Tags, between commas; absent: a column called tags, category, 标签, 分类 and the like."""


REMOTE = ("http", "sitemap", "s3", "git", "sql")
MAX_REMOTE = 16
"""Remote sources of an index: as many as a termination message holds the digests of."""
_TABLES = ("Auto", "CSV", "XLSX", "JSONL")
_BINARY = ("PDF", "DOCX", "XLSX", "Image")


class Source(Ruled):
    """One source of documents."""

    RULES: ClassVar = (
        exactly_one_of(
            "inline",
            "configMap",
            *REMOTE,
            "push",
            remedy="give the text in place, name a ConfigMap or a remote place, or let documents be pushed",
        ),
        Rule(
            "!has(self.every) || !(has(self.inline) || has(self.configMap) || has(self.push))",
            lambda source: source.every is None or source.place is not None,
            "every is for remote places, since other sources are followed at once: remove every",
        ),
        Rule(
            "!has(self.schedule) || !(has(self.inline) || has(self.configMap) || has(self.push))",
            lambda source: source.schedule is None or source.place is not None,
            "schedule is for remote places, since other sources are followed at once: remove schedule",
        ),
        at_most_one_of("every", "schedule", remedy="keep the one that is meant"),
        *schedule_rules("schedule"),
        Rule(
            "!has(self.sql) || self.format in ['FAQ', 'Markdown']",
            lambda source: source.sql is None or source.format in ("FAQ", "Markdown"),
            "rows of a database are FAQ entries or pages: set format to FAQ or Markdown",
        ),
        Rule(
            "!has(self.columns) || self.format in ['Auto', 'CSV', 'XLSX', 'JSONL']",
            lambda source: source.columns is None or source.format in _TABLES,
            "columns are for tables and JSON records: set format to CSV, XLSX, JSONL or Auto, or remove columns",
        ),
        Rule(
            "!has(self.inline) || !(self.format in ['PDF', 'DOCX', 'XLSX', 'Image'])",
            lambda source: source.inline is None or source.format not in _BINARY,
            "a text in place cannot be of a binary format: put the file into the binaryData of a ConfigMap",
        ),
    )

    name: Name
    """Unique within the index; the first part of every document id."""
    format: Literal["Auto", "FAQ", "Markdown", "HTML", "PDF", "DOCX", "XLSX", "CSV", "JSONL", "Image"] = "Auto"
    """Auto: told by each file's name and first bytes. FAQ: entries of question, variants, answer, tags, validFrom and
    validUntil, as a YAML list or as rows of CSV, XLSX and JSONL files. CSV, XLSX and JSONL: a record a document. The others
    are pages, cut at their headings; scanned PDFs and images are recognised."""
    columns: Columns | None = None
    """For CSV, XLSX and JSONL; rows are records then, and never FAQ entries."""
    inline: Annotated[str, Field(min_length=1, max_length=65536)] | None = None
    """The document itself."""
    config_map: ConfigMapReference | None = None
    """A ConfigMap; each of its keys is one document file. Changes are followed."""
    http: HttpPlace | None = None
    """Files by their addresses."""
    sitemap: SitemapPlace | None = None
    """The pages of a web site."""
    s3: S3Place | None = None
    """Objects of an S3 bucket."""
    git: GitPlace | None = None
    """Files of a Git repository."""
    sql: SqlPlace | None = None
    """Rows of a database."""
    push: PushPlace | None = None
    """Documents that are sent. Until the first one came, the index is built of its other sources."""
    every: Duration | None = None
    """How often a remote place is asked whether something changed; absent: 15m, unless
    there is a `schedule`."""
    schedule: Schedule | None = None
    """When a remote place is asked, in place of `every`: a cron expression in UTC, such as `30 2 * * 1-5`. It is also asked when
    the source is new or was changed."""

    @property
    def place(self) -> HttpPlace | SitemapPlace | S3Place | GitPlace | SqlPlace | None:
        """The remote place, if it is one."""
        return self.http or self.sitemap or self.s3 or self.git or self.sql

    @property
    def is_kept(self) -> bool:
        """Whether its documents lie on the volume of snapshots: those of a remote place, and those that are pushed."""
        return self.place is not None or self.push is not None
