"""The work of a child process: one file is parsed, cut and, where a local model is named, embedded.

The fork server imports this module, and with it all that a child may need.
"""

import codecs
import contextlib
import encodings
import os
import pkgutil
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from rag.ingestion.chunk import indexed_text
from rag.ingestion.chunking import chunk
from rag.ingestion.reader.frames import (
    BATCH_CHUNKS,
    PIECE_BYTES,
    Frame,
    Head,
    encode_chunks,
    encode_head,
    encode_refusal,
    encode_vectors,
    frame,
)
from rag.models.local.embedder import LOCAL_EMBEDDERS
from rag.parsing import MAX_FILE_BYTES, FileType, UnreadableDocument, load_readers, parse_as


def _load_codecs() -> None:
    """Import the standard library's codecs, of which a file may name any: a child cannot open what it would import."""
    for module in pkgutil.iter_modules(encodings.__path__):
        with contextlib.suppress(LookupError):  # one of another platform
            codecs.lookup(module.name)


_load_codecs()
load_readers()


def read_document(file: int, request: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the frames of a reading. `file` is a descriptor; `request` is what `DocumentReader` asks for."""
    try:
        content = os.pread(file, MAX_FILE_BYTES + 1, 0)
        document = parse_as(FileType(request["file_type"]), content)
        del content
        chunks = chunk(document)
        attachments = document.attachments
        head = Head(
            document.title,
            document.language,
            len(chunks),
            document.page_count,
            document.warnings,
            tuple((each.name, len(each.content)) for each in attachments),
            document.published_at,
            document.modified_at,
        )
        yield frame(Frame.HEAD, encode_head(head))
        del document
        embedder = LOCAL_EMBEDDERS.get(request["embedder"])
        remaining = iter(chunks)
        while batch := list(islice(remaining, BATCH_CHUNKS)):
            yield frame(Frame.CHUNKS, encode_chunks(batch))
            if embedder is not None:
                texts = [indexed_text(head.title or request["name"], each) for each in batch]
                yield frame(Frame.VECTORS, encode_vectors(embedder.embed(texts)))
        for attachment in attachments:
            for start in range(0, len(attachment.content), PIECE_BYTES):
                yield frame(Frame.ATTACHMENT, attachment.content[start : start + PIECE_BYTES])
    except UnreadableDocument as refusal:
        yield frame(Frame.REFUSAL, encode_refusal(refusal))
