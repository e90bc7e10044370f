"""Finds documents that a request names by their SHA-256: trusted documents, or documents that a client has sent before.

A request names a document by `documentId`, as the persisted documents of GraphQL over HTTP have it, or by
`extensions.persistedQuery` of Apollo's automatic persisted queries (APQ).
"""

import re
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from graphql import GraphQLError

from domain.errors import RapporteurError
from schema.schema import schema
from server.wire.request_errors import RequestErrors
from server.wire.requests import GraphQLRequest

MAX_STORED_BYTES = 16 * 1024 * 1024
"""The size of all documents together that clients have sent; the least recently used ones are removed first."""
MAX_STORED_DOCUMENT_BYTES = 100_000

_SHA256_HEX = re.compile(r"[0-9a-f]{64}")


class PersistedDocuments:
    """Finds the document of a request. With trusted documents it allows no others."""

    def __init__(self, trusted: Mapping[str, str] | None, *, apq: bool) -> None:
        """`trusted` holds the only documents allowed, by hash; `apq` stores what clients send with its hash otherwise."""
        self._trusted = trusted
        self._apq = apq
        self._stored: OrderedDict[str, str] = OrderedDict()
        self._stored_bytes = 0

    @property
    def trusted_texts(self) -> Collection[str]:
        """The texts of the trusted documents; empty if others are allowed."""
        return (self._trusted or {}).values()

    def resolve(self, request: GraphQLRequest) -> GraphQLRequest:
        """Returns the request with the text of its document. Raises RequestErrors for one that must not be executed."""
        if self._trusted is None and request.document_id is None and not request.extensions:
            return request
        digest = _named_digest(request)
        if request.query is None:
            assert digest is not None  # `parse_parameters` refuses a request with neither
            return replace(request, query=self._find(digest, request), document_id=None)
        if digest is not None and digest != sha256_hex(request.query):
            raise _error("provided sha does not match query")
        if self._trusted is not None:
            if sha256_hex(request.query) not in self._trusted:
                raise _error("only trusted documents are executed here, and this is none of them", "FORBIDDEN")
        elif digest is not None and request.document_id is None and self._apq:
            self._store(digest, request.query)
        return request

    def _find(self, digest: str, request: GraphQLRequest) -> str:
        if self._trusted is not None:
            document = self._trusted.get(digest)
        else:
            document = self._stored.get(digest)
            if document is not None:
                self._stored.move_to_end(digest)
        if document is not None:
            return document
        if request.document_id is None and self._trusted is None and not self._apq:
            raise _error("PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED")
        if request.document_id is None:
            raise _error("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")  # Apollo's clients know these words
        raise _error("there is no document of this documentId here", "PERSISTED_DOCUMENT_NOT_FOUND")

    def _store(self, digest: str, text: str) -> None:
        size = len(text.encode(errors="replace"))
        if size > MAX_STORED_DOCUMENT_BYTES:
            return
        if self._stored.pop(digest, None) is None:
            self._stored_bytes += size
        self._stored[digest] = text
        while self._stored_bytes > MAX_STORED_BYTES:
            _, oldest = self._stored.popitem(last=False)
            self._stored_bytes -= len(oldest.encode(errors="replace"))


def sha256_hex(text: str) -> str:
    """Returns the SHA-256 of a document in hexadecimal digits."""
    # Half a surrogate pair, which UTF-8 cannot hold, is in no document that can be parsed.
    return sha256(text.encode(errors="replace")).hexdigest()


def _named_digest(request: GraphQLRequest) -> str | None:
    """Returns the hash by which the request names its document, or None. Raises RequestErrors for a malformed one."""
    if request.document_id is not None:
        method, _, payload = request.document_id.partition(":")
        if method != "sha256" or not _SHA256_HEX.fullmatch(payload):
            raise _error("documentId must be sha256: and 64 hexadecimal digits in lower case")
        return payload
    persisted: object = (request.extensions or {}).get("persistedQuery")
    if persisted is None:
        return None
    if not isinstance(persisted, dict) or persisted.get("version") != 1:
        raise _error("extensions.persistedQuery must be an object of version 1")
    digest: object = persisted.get("sha256Hash")
    if not isinstance(digest, str) or not _SHA256_HEX.fullmatch(digest):
        raise _error("extensions.persistedQuery.sha256Hash must be 64 hexadecimal digits in lower case")
    return digest


def _error(message: str, code: str = "BAD_USER_INPUT") -> RequestErrors:
    return RequestErrors([GraphQLError(message, extensions={"code": code})])


def load_trusted_documents(directory: Path) -> dict[str, str]:
    """Returns the documents in the files `*.graphql` of a folder and the folders in it, by hash. Raises RapporteurError.

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
