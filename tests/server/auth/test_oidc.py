"""Tokens of an OpenID Connect issuer: which are good, and for what."""

import base64
import contextlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from domain.ids import DEFAULT_WORKSPACE_ID
from server.auth import oidc as issuer
from tests.harness.databases import TestPostgres
from tests.harness.servers import Api, RunningServer, running_server, segment
from tests.harness.waiting import eventually
from tests.harness.websocket_client import websocket

pytestmark = pytest.mark.slow

ISSUER, AUDIENCE = "https://login.example", "rapporteur"
VIEWER = "{ viewer { name scopes workspaceId } }"
KEY, OTHER_KEY = (rsa.generate_private_key(65537, 2048) for _ in range(2))
CURVE = ec.generate_private_key(ec.SECP256R1())
EDWARDS = ed25519.Ed25519PrivateKey.generate()
PRIVATE: dict[str, tuple[Any, str]] = {"rsa": (KEY, "RS256"), "curve": (CURVE, "ES256"), "edwards": (EDWARDS, "EdDSA")}

ALGORITHMS: dict[str, Any] = {
    "rsa": jwt.algorithms.RSAAlgorithm,
    "curve": jwt.algorithms.ECAlgorithm,
    "edwards": jwt.algorithms.OKPAlgorithm,
}


def jwk(key: Any, kid: str) -> dict[str, Any]:
    return {**ALGORITHMS[kid].to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}


def key_set(*kids: str) -> str:
    return json.dumps({"keys": [jwk(PRIVATE[kid][0], kid) for kid in kids]})


def claims(**changes: Any) -> dict[str, Any]:
    good = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "exp": int(time.time()) + 600, "scope": "openid write"}
    return {name: value for name, value in (good | changes).items() if value is not None}


def token(kid: str = "rsa", **changes: Any) -> str:
    key, algorithm = PRIVATE[kid]
    return jwt.encode(claims(**changes), key, algorithm, {"kid": kid})


@contextmanager
def trusting(postgres: TestPostgres, jwks: str | Path, **settings: Any) -> Iterator[RunningServer]:
    named = {"oidc_issuer": ISSUER, "oidc_audience": AUDIENCE, "oidc_jwks": str(jwks)}
    with postgres.database() as url, running_server(url, auth=True, **named, **settings) as server:
        yield server


@pytest.fixture(scope="module")
def server(postgres: TestPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    path = tmp_path_factory.mktemp("issuer") / "jwks.json"
    path.write_text(key_set(*PRIVATE))
    with trusting(postgres, path) as server:
        yield server


def viewer(server: RunningServer, token: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/graphql-response+json"}
    return server.api.http.post("/graphql", json={"query": VIEWER}, headers=headers)


@pytest.mark.parametrize("kid", PRIVATE)
def test_a_good_token_says_who_asks(server: RunningServer, kid: str) -> None:
    response = viewer(server, token(kid))
    assert response.status_code == 200, response.text
    said = {"name": "ada", "scopes": ["READ", "WRITE"], "workspaceId": str(DEFAULT_WORKSPACE_ID)}
    assert response.json()["data"]["viewer"] == said


SCOPES = {
    "read": ["READ"],
    "rapporteur:read offline_access": ["READ"],
    "ADMIN": ["ADMIN", "READ", "WRITE"],
    "": [],
    "readwrite reads": [],
    "read ADM\u0131N wr\u0131te \u212aread": ["READ"],  # letters that become others in capitals
}


@pytest.mark.parametrize(("claim", "scopes"), SCOPES.items())
@pytest.mark.parametrize("as_list", [False, True])
def test_scopes_are_words_or_a_list(server: RunningServer, claim: str, scopes: list[str], as_list: bool) -> None:
    response = viewer(server, token(scope=claim.split() if as_list else claim))
    if scopes:
        assert response.json()["data"]["viewer"]["scopes"] == scopes
    else:
        assert response.status_code == 403


def confused() -> str:
    """Signed with the public key, as if that were a secret."""
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    parts = jwt.encode(claims(), "x" * 32, "HS256", {"kid": "rsa"}).split(".")[:2]
    signature = hmac.digest(public, ".".join(parts).encode(), "sha256")
    return ".".join([*parts, base64.urlsafe_b64encode(signature).decode().rstrip("=")])


BAD: dict[str, Callable[[], str]] = {
    "expired": lambda: token(exp=int(time.time()) - 60),
    "without an end": lambda: token(exp=None),
    "an end that is no number": lambda: token(exp="tomorrow"),
    "an end without end": lambda: token(exp=10**30),
    "an end that no clock reaches": lambda: token(exp=10**18),
    "not yet good": lambda: token(nbf=int(time.time()) + 600),
    "of another issuer": lambda: token(iss="https://other.example"),
    "of no issuer": lambda: token(iss=None),
    "for others": lambda: token(aud="others"),
    "for nobody": lambda: token(aud=None),
    "of nobody": lambda: token(sub=None),
    "of nothing": lambda: token(sub=" "),
    "of a NUL": lambda: token(sub="a\0da"),
    "of a long name": lambda: token(sub="a" * 201),
    "unsigned": lambda: jwt.encode(claims(), "", "none", {"kid": "rsa"}),
    "of a secret": confused,
    "of another key": lambda: jwt.encode(claims(), OTHER_KEY, "RS256", {"kid": "rsa"}),
    "of a key of another kind": lambda: jwt.encode(claims(), KEY, "RS256", {"kid": "curve"}),
    "of an unknown key": lambda: jwt.encode(claims(), KEY, "RS256", {"kid": "unknown"}),
    "of no key of several": lambda: jwt.encode(claims(), KEY, "RS256"),
    "changed": lambda: token()[:-6] + "AAAAAA",
    "cut": lambda: token().rpartition(".")[0],
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_token_is_refused(server: RunningServer, bad: str) -> None:
    response = viewer(server, BAD[bad]())
    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_the_end_of_a_token_ends_its_subscriptions(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuer, "CLOCK_SKEW_SECONDS", 0)
    api = Api(server.url, token())
    meeting = api.meeting(segments=1)
    headers = {"Authorization": f"Bearer {token(exp=int(time.time()) + 3)}"}
    with websocket(server.url, additional_headers=headers) as socket:
        socket.start("1", "SegmentUpdates", meetingId=meeting["id"])
        socket.next("1")
        assert socket.expect_close()[0] == 4403
    api.http.close()


def test_a_subject_with_ingest_keeps_to_its_own_meetings(server: RunningServer) -> None:
    bot, other = Api(server.url, token(sub="bot", scope="ingest")), Api(server.url, token(sub="bot 2", scope="ingest"))
    create = 'mutation { createMeeting(input: {title: "Own"}) { ... on Meeting { id } } }'
    id = bot.post(create)["data"]["createMeeting"]["id"]
    assert bot.run("UpsertSegments", meetingId=id, segments=[segment(1)])["created"] == 1
    assert other.run("UpsertSegments", meetingId=id, segments=[segment(2)])["code"] == "NOT_FOUND"
    again = Api(server.url, token(sub="bot", scope="ingest", exp=int(time.time()) + 900))
    assert again.run("UpsertSegments", meetingId=id, segments=[segment(3)])["created"] == 1
    for api in (bot, other, again):
        api.http.close()


def test_the_workspace_may_be_a_claim(postgres: TestPostgres, tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(key_set("rsa"))
    with trusting(postgres, path, oidc_workspace_claim="tenant") as server:
        good = viewer(server, token(tenant=str(DEFAULT_WORKSPACE_ID)))
        assert good.json()["data"]["viewer"]["workspaceId"] == str(DEFAULT_WORKSPACE_ID)
        for wrong in (None, "x", 5, str(uuid4())):
            assert viewer(server, token(tenant=wrong)).status_code == 401
        # The only key needs no name.
        unnamed = jwt.encode(claims(tenant=str(DEFAULT_WORKSPACE_ID)), KEY, "RS256")
        assert viewer(server, unnamed).status_code == 200


class Jwks:
    """A key set that is served, and how often it was asked for."""

    def __init__(self) -> None:
        self.content = key_set("rsa")
        self.asked = 0
        self.ends = threading.Event()
        """Ends what follows the content, which is endless until this is set."""
        self.ends.set()


@contextmanager
def served(jwks: Jwks) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            jwks.asked += 1
            self.send_response(200)
            self.end_headers()
            self.wfile.write(jwks.content.encode())
            with contextlib.suppress(OSError):  # the server has had enough
                while not jwks.ends.wait(0.1):
                    self.wfile.write(b" ")

        def log_message(self, *_: Any) -> None:
            pass

    http = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}/jwks"
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


@pytest.mark.parametrize("content", [key_set("rsa"), key_set("rsa") + " " * 2 * issuer.MAX_KEY_SET_BYTES])
def test_an_issuer_that_does_not_come_to_an_end_is_not_waited_for(
    postgres: TestPostgres, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    """Checks that an endless answer of the issuer does not block all tokens."""
    monkeypatch.setattr(issuer, "ISSUER_TIMEOUT_SECONDS", 0.5)
    jwks = Jwks()
    jwks.content = content
    jwks.ends.clear()
    with served(jwks) as url, trusting(postgres, url) as server:
        try:
            assert viewer(server, token()).status_code == 401
            assert server.api.http.get("/healthz").status_code == 200
        finally:
            jwks.ends.set()


def test_a_new_key_is_asked_for_and_unknown_ones_not_again_and_again(
    postgres: TestPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    jwks = Jwks()
    with served(jwks) as url, trusting(postgres, url) as server:
        assert viewer(server, token()).status_code == 200
        assert jwks.asked == 1
        for number in range(20):
            made_up = jwt.encode(claims(), KEY, "RS256", {"kid": f"made up {number}"})
            assert viewer(server, made_up).status_code == 401
        assert jwks.asked == 1
        monkeypatch.setattr(issuer, "KEY_SET_RETRY_SECONDS", 0.0)
        jwks.content = key_set("rsa", "curve")
        assert viewer(server, token("curve")).status_code == 200
        assert jwks.asked == 2
        jwks.content = "no keys"
        monkeypatch.setattr(issuer, "KEY_SET_MAX_AGE_SECONDS", 0.0)
        assert viewer(server, token("edwards")).status_code == 401
        assert eventually(lambda: viewer(server, token("curve", sub="eve")).status_code == 200)  # what was known stays
