"""A tenant of a server, as a test sees it: what it may ask, and what the database holds of it, now and ever."""

import asyncio
import base64
import json
import random
import re
from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from db.tables import metadata
from domain.ids import WorkspaceId
from server.wire.graphql_files import OPERATIONS
from tests.harness.servers import Api

Variables = dict[str, Any]
Row = dict[str, Any]
RESPONSE = "application/graphql-response+json"
UNIQUE_HEADERS = {"date", "content-length", "x-request-id", "rapporteur-consistency"}
"""The headers that no two responses have in common."""
UUIDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DOCUMENTS = {path.stem: path.read_text() for path in OPERATIONS.glob("*.graphql")} | {
    "NodeOfBot": "query NodeOfBot($id: ID!) { node(id: $id) { __typename id } }",
    "NodesOfBot": "query NodesOfBot($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }",
    "MeetingOfBot": """query MeetingOfBot($id: ID!, $after: String) {
        meeting(id: $id) { title metadata speakers { speaker } segments(after: $after) { nodes { text meeting { title } } } }
    }""",
}
"""The documents of all operations, and some that ask only for what a bot may see."""


class Records:
    """Reads what the database holds of a workspace, in all its tables."""

    def __init__(self, runner: asyncio.Runner, database_url: str) -> None:
        self._runner = runner
        self._connection = runner.run(asyncpg.connect(database_url))
        tables = [table.name for table in metadata.sorted_tables if "workspace_id" in table.c]
        self._query = " UNION ALL ".join(
            # When a key was last used is noted some time later, whatever happens.
            f"SELECT '{name}', (to_jsonb(t) - 'workspace_id' - 'last_used_at')::text FROM {name} t WHERE workspace_id = $1"
            for name in tables
        )

    def of(self, workspace_id: WorkspaceId) -> list[tuple[str, str]]:
        """Returns each row with the name of its table."""
        return sorted(map(tuple, self._runner.run(self._connection.fetch(self._query, workspace_id))))

    def close(self) -> None:
        self._runner.run(self._connection.close())


class EntityIdentifiers(NamedTuple):
    """Holds ids and names of one entity of each kind that a tenant has, or had."""

    agent: str
    variant: str
    meeting: str
    key: str
    slug: str
    variant_slug: str
    webhook: str
    delivery: str
    word: str
    """A word that stands in all texts of the tenant, and in nobody else's."""
    state: str
    """The state of the tenant's agents, in the form that manifests have."""
    cursors: dict[str, str]
    """By the operation that gave them."""

    @property
    def ids(self) -> dict[str, Callable[[], str]]:
        """Gives the id of each kind, for `suggested_variables`."""
        return {
            "agent": lambda: self.agent,
            "variant": lambda: self.variant,
            "meeting": lambda: self.meeting,
            "webhook": lambda: self.webhook,
        }

    @property
    def segment(self) -> str:
        return f"{self.meeting}:1"


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: Any


class Tenant:
    def __init__(self, workspace_id: WorkspaceId, word: str, admin: Api, bot: Api, records: Records) -> None:
        self.workspace_id = workspace_id
        self.word = word
        self.admin = admin
        self.bot = bot
        """With a key of the scope INGEST."""
        self.bots_meetings: set[str] = set()
        self.cursors: dict[str, str] = {}
        self.state = "0" * 64
        self._records = records
        self.rows: list[tuple[str, str]] = []
        self._ever: dict[str, dict[str, Row]] = {}
        self.ids: set[str] = set()
        """The ids of everything that the tenant has, or ever had."""
        self.read()

    def read(self) -> None:
        """Notes what there is now."""
        self.rows = self._records.of(self.workspace_id)
        for table, text in self.rows:
            row = json.loads(text)
            if "id" in row:
                self._ever.setdefault(table, {})[row["id"]] = row
            self.ids |= set(UUIDS.findall(text))

    def is_unchanged(self) -> bool:
        return self._records.of(self.workspace_id) == self.rows

    def now(self, table: str) -> list[Row]:
        return [json.loads(text) for name, text in self.rows if name == table]

    def choose_identifiers(self, chosen: random.Random) -> EntityIdentifiers:
        """Chooses from all that there ever was; the segment with the number 1 may be of any meeting."""
        agent, variant, meeting, key, webhook, delivery = (
            chosen.choice(sorted(self._ever[table].values(), key=lambda row: row["id"]))
            for table in ("agents", "agent_variants", "meetings", "api_keys", "webhooks", "webhook_deliveries")
        )
        named = [row for row in self._ever["agents"].values() if self.word in row["slug"]]
        slug = chosen.choice(sorted(row["slug"] for row in named))
        variant_slug = f"{self.word}-variant"
        ids = (agent["id"], variant["id"], meeting["id"], key["id"])
        sent = (webhook["id"], delivery["id"])
        return EntityIdentifiers(*ids, slug, variant_slug, *sent, self.word, self.state, self.cursors)


def ask(api: Api, name: str, variables: Variables) -> Answer:
    """Returns the answer with what it cost, without what no two answers have in common."""
    body = {"query": DOCUMENTS[name], "variables": variables, "operationName": name, "extensions": {"cost": True}}
    response = api.http.post_json("/graphql", json.dumps(body).encode(), Accept=RESPONSE)
    headers = {name: value for name, value in response.headers.items() if name not in UNIQUE_HEADERS}
    answer = json.loads(response.content)
    answer.get("extensions", {}).pop("consistency", None)
    return Answer(response.status, headers, answer)


# Cursors are decoded, to find ids in them and to make others of the same place


def _strings(value: Any, change: Callable[[str], Any]) -> Any:
    """Returns the value with each string in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_strings(item, change) for item in value]
    if isinstance(value, dict):
        return {name: _strings(item, change) for name, item in value.items()}
    return value


def decoded_cursor(value: str) -> list[Any] | None:
    """Decodes a cursor; returns None if the text is not one."""
    try:
        found = json.loads(base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True))
    except ValueError:
        return None
    return found if isinstance(found, list) else None


def _encoded_cursor(parts: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


def ids_in(value: Any) -> set[str]:
    """Finds all ids in a value, those in cursors included."""
    found: set[str] = set()

    def look(text: str) -> None:
        found.update(UUIDS.findall(json.dumps(decoded_cursor(text)) if decoded_cursor(text) else text))

    _strings(value, look)
    return found


class IdentifierReplacer:
    """Makes something unknown of what is another's: ids that nobody has, next to theirs, and a word that nobody uses."""

    def __init__(self, ids: Collection[str], words: Iterable[tuple[str, str]] = ()) -> None:
        self._ids = ids
        self._words = list(words)

    def __call__(self, value: Any) -> Any:
        return _strings(value, self._text)

    def _text(self, text: str) -> str:
        if (parts := decoded_cursor(text)) is not None:  # whose words are places, too
            return _encoded_cursor(_strings(parts, self._without_ids))
        for word, unknown in self._words:
            text = text.replace(word, unknown)
        return self._without_ids(text)

    def _without_ids(self, text: str) -> str:
        return UUIDS.sub(lambda found: self._next_to(found[0]) if found[0] in self._ids else found[0], text)

    def _next_to(self, id: str) -> str:
        return str(UUID(int=UUID(id).int ^ 1))
