"""Documents that a request names by their SHA-256 instead of sending them: trusted ones, or those that a client sent before.

A name is `documentId`, as the persisted documents of GraphQL over HTTP have it, or `extensions.persistedQuery` of Apollo's
automatic persisted queries (APQ).
"""

import re
from collections import OrderedDict
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from graphql import GraphQLError

from domain.errors import RapporteurError
from schema.schema import schema
from server.wire.request_errors import RequestErrors
from server.wire.requests import GraphQLRequest

MAX_STORED_BYTES = 16 * 1024 * 1024
"""Of all documents together that clients have sent; those that were not asked for the longest go first."""
MAX_STORED_DOCUMENT_BYTES = 100_000
"""Bytes of one of them."""

_HASH = re.compile(r"[0-9a-f]{64}")


class PersistedDocuments:
    """Finds the document of a request. With an allow-list there are no others than those."""

    def __init__(self, trusted: Mapping[str, str] | None, *, apq: bool) -> None:
        """`trusted` is the allow-list, by hash; `apq`: keep what clients send with its hash, unless there is a list."""
        self._trusted = trusted
        self._apq = apq
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._bytes = 0

    def resolve(self, asked: GraphQLRequest) -> GraphQLRequest:
        """The request with the text of its document, if it may be executed. Raises RequestErrors."""
        if self._trusted is None and asked.document_id is None and not asked.extensions:
            return asked
        hash = _hash_in(asked)
        if asked.query is None:
            assert hash is not None  # else it were no request
            return asked._replace(query=self._found(hash, asked), document_id=None)
        if hash is not None and hash != sha256_hex(asked.query):
            raise _error("provided sha does not match query")
        if self._trusted is not None:
            if sha256_hex(asked.query) not in self._trusted:
                raise _error("only trusted documents are executed here, and this is none of them", "FORBIDDEN")
        elif hash is not None and asked.document_id is None and self._apq:
            self._keep(hash, asked.query)
        return asked

    def _found(self, hash: str, asked: GraphQLRequest) -> str:
        if self._trusted is not None:
            found = self._trusted.get(hash)
        else:
            found = self._kept.get(hash)
            if found is not None:
                self._kept.move_to_end(hash)
        if found is not None:
            return found
        if asked.document_id is None and self._trusted is None and not self._apq:
            raise _error("PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED")
        if asked.document_id is None:
            raise _error("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")  # Apollo's clients know these words
        raise _error("there is no document of this documentId here", "PERSISTED_DOCUMENT_NOT_FOUND")

    def _keep(self, hash: str, text: str) -> None:
        size = len(text.encode(errors="replace"))
        if size > MAX_STORED_DOCUMENT_BYTES:
            return
        if self._kept.pop(hash, None) is None:
            self._bytes += size
        self._kept[hash] = text
        while self._bytes > MAX_STORED_BYTES:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= len(oldest.encode(errors="replace"))


def sha256_hex(text: str) -> str:
    # Half a surrogate pair, which UTF-8 cannot hold, is in no document that can be parsed.
    return sha256(text.encode(errors="replace")).hexdigest()


def _hash_in(asked: GraphQLRequest) -> str | None:
    """The hash that the request names its document by, if it does."""
    if asked.document_id is not None:
        method, _, payload = asked.document_id.partition(":")
        if method != "sha256" or not _HASH.fullmatch(payload):
            raise _error("documentId must be sha256: and 64 hexadecimal digits in lower case")
        return payload
    persisted: Any = (asked.extensions or {}).get("persistedQuery")
    if persisted is None:
        return None
    if not isinstance(persisted, dict) or persisted.get("version") != 1:
        raise _error("extensions.persistedQuery must be an object of version 1")
    hash = persisted.get("sha256Hash")
    if not isinstance(hash, str) or not _HASH.fullmatch(hash):
        raise _error("extensions.persistedQuery.sha256Hash must be 64 hexadecimal digits in lower case")
    return hash


def _error(message: str, code: str = "BAD_USER_INPUT") -> RequestErrors:
    return RequestErrors([GraphQLError(message, extensions={"code": code})])


def load_trusted_documents(directory: Path) -> dict[str, str]:
    """The documents in the files `*.graphql` of a folder and those in it, by hash. Raises RapporteurError.

    Each stands under the hash of the file, and under that of its text without the white space around it.
    """
    try:
        files = sorted(directory.rglob("*.graphql"))
        texts = {file: file.read_text(encoding="utf-8") for file in files}
    except (OSError, UnicodeDecodeError) as error:
        raise RapporteurError(f"the trusted documents cannot be read: {error}") from error
    if not texts:
        raise RapporteurError(f"{directory} has no trusted documents: there is no file *.graphql")
    for file, text in texts.items():
        try:
            errors = schema.documents.prepare(text).errors
        except GraphQLError as error:
            errors = [error]
        if errors:
            raise RapporteurError(f"{file} is no document of this schema: {errors[0].message}")
    return {sha256_hex(each): each for text in texts.values() for each in (text, text.strip())}
