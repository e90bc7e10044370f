"""`rapporteur keys` and `rapporteur workspaces`, and when `rapporteur serve` refuses."""

import pytest

from db.database import Database
from server.process.startup_checks import resolve_auth
from server.settings import Settings
from server.wire.hosts_and_origins import is_loopback
from tests.harness.commands import run, serving
from tests.harness.servers import Api
from tests.harness.waiting import eventually

pytestmark = pytest.mark.slow

UNKNOWN = "01900000-0000-7000-8000-00000000dead"


def test_keys_are_made_listed_and_revoked(database_url: str) -> None:
    made = run("keys", "create", "Ada", "--scope", "admin", "--expires-in", "1", database_url=database_url)
    assert made.returncode == 0, made.stderr
    token = made.stdout.strip()
    assert token.startswith("rapporteur_")
    assert token not in made.stderr
    listed = run("keys", "list", database_url=database_url).stdout
    assert "Ada" in listed
    assert "active" in listed
    assert token not in listed

    # From now on keys are asked for, also by a server that nobody has told so.
    with serving(database_url=database_url) as server:
        assert server.api.http.post("/graphql", json={"query": "{ viewer { name } }"}).status_code == 401
        api = Api(server.url, token)
        key = api.run("ApiKeys")["nodes"][0]
        assert key["id"] in listed
        assert (api.run("Viewer")["name"], key["createdBy"] != "anonymous") == ("Ada", True)
        transcript = run("export", UNKNOWN, url=server.url, api_key=token)
        assert "no meeting" in transcript.stderr, transcript.stderr
        assert "a key is needed" in run("export", UNKNOWN, url=server.url).stderr
        assert run("keys", "revoke", key["id"], database_url=database_url).returncode == 0
        eventually(lambda: api.http.post("/graphql", json={"query": "{ viewer { name } }"}).status_code == 401)
        api.http.close()
    assert "revoked" in run("keys", "list", database_url=database_url).stdout


def test_the_first_key_of_an_embedded_database_is_known_to_its_server(tmp_path_factory: pytest.TempPathFactory) -> None:
    data_dir = str(tmp_path_factory.mktemp("first-key") / "data")
    create = ("keys", "create")
    with serving(data_dir=data_dir, auth="true", demo="false") as server:
        first = run(*create, "ada", "--scope", "admin", data_dir=data_dir)
        assert f"database: embedded PostgreSQL in {data_dir}" in first.stderr
        assert "It is the first key." in first.stderr
        api = Api(server.url, first.stdout.strip())
        assert api.run("Viewer")["name"] == "ada"
        api.http.close()
        second = run(*create, "bo", "--scope", "read", data_dir=data_dir)
        assert "first key" not in second.stderr


def test_workspaces_have_keys_of_their_own(database_url: str) -> None:
    workspace = run("workspaces", "create", "Other", database_url=database_url).stdout.strip()
    assert f"{workspace}  Other" in run("workspaces", "list", database_url=database_url).stdout
    token = run(
        "keys", "create", "bot", "--scope", "read", "--workspace", workspace, database_url=database_url
    ).stdout.strip()
    assert "bot" not in run("keys", "list", database_url=database_url).stdout
    assert "bot" in run("keys", "list", "--workspace", workspace, database_url=database_url).stdout
    with serving(database_url=database_url) as server:
        api = Api(server.url, token)
        assert api.run("Viewer")["workspaceId"] == workspace
        assert api.run("Agents")["totalCount"] == 0  # the demo is in the server's own
        api.http.close()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["create", "x"], "--scope"),
        (["create", "x", "--scope", "root"], "root"),
        (["create", " ", "--scope", "read"], "error: NAME: must not be empty"),
        (["create", "x", "--scope", "read", "--expires-in", "999999999"], "36500"),
        (["create", "x", "--scope", "read", "--workspace", UNKNOWN], "no workspace"),
        (["create", "x", "--scope", "ingest", "--meeting", UNKNOWN], f"--meeting {UNKNOWN}: there is no such meeting"),
        (["create", "x", "--scope", "read", "--meeting", UNKNOWN], "--meeting: are for keys with the scope INGEST"),
        (["revoke", UNKNOWN], "no key"),
        (["revoke", "x"], "UUID"),
    ],
)
def test_what_is_wrong_is_said(database_url: str, arguments: list[str], says: str) -> None:
    result = run("keys", *arguments, database_url=database_url)
    assert result.returncode != 0
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_others_are_not_served_without_asking_who_they_are(database_url: str) -> None:
    refused = run("serve", "--host", "0.0.0.0", "--port", "0", database_url=database_url)
    assert refused.returncode == 1
    for remedy in ("keys create", "RAPPORTEUR_AUTH", "RAPPORTEUR_OIDC_ISSUER", "--insecure"):
        assert remedy in refused.stderr
    refused = run("serve", "--host", "0.0.0.0", "--no-auth", "--port", "0", database_url=database_url)
    assert refused.returncode == 1


@pytest.mark.parametrize("settings", [{"auth": True}, {"insecure": True}], ids=["auth", "insecure"])
async def test_others_are_served_if_they_are_asked_or_somebody_says_so(
    database_url: str, settings: dict[str, bool]
) -> None:
    database = Database(database_url)
    decided = await resolve_auth(Settings(host="0.0.0.0", **settings), database)  # type: ignore[arg-type]
    await database.close()
    assert decided.auth is ("auth" in settings)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("localhost", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("10.0.0.1", False),
        ("example.com", False),
        ("localhost.example.com", False),
    ],
)
def test_what_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"oidc_issuer": "https://login.example"}, "RAPPORTEUR_OIDC_AUDIENCE"),
        ({"oidc_jwks": "keys.json"}, "RAPPORTEUR_OIDC_ISSUER"),
    ],
)
def test_half_an_issuer_is_none(settings: dict[str, str], says: str) -> None:
    result = run("serve", **settings)
    assert result.returncode == 2
    assert says in result.stderr
