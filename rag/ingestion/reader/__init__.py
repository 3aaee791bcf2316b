"""Files read in child processes: parsed, cut and embedded where a hostile file can harm nothing but its own reading."""

from rag.ingestion.reader.document_reader import DocumentReader, ReadBatch, Reading
from rag.ingestion.reader.errors import ReaderEnd, ReaderKilled
from rag.ingestion.reader.limits import ReaderLimits

__all__ = ["DocumentReader", "ReadBatch", "ReaderEnd", "ReaderKilled", "ReaderLimits", "Reading"]
