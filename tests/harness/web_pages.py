"""Holds requests as web pages send them, and a script that tries all ways to a server."""

import httpx

APP = "https://app.example.com"
HTML = {"Accept": "text/html,*/*;q=0.8"}
PING = {"query": "{ __typename }"}
PREFLIGHT = {
    "Origin": APP,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,rapporteur-actor,apollo-require-preflight",
}


def message_of(response: httpx.Response) -> str:
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    message: str = error["message"]
    return message


ASK = """async (url) => {
    const ask = (path, options) => fetch(url + path, options).then((answer) => answer.text()).catch((error) => error.name);
    const connect = () => new Promise((resolve) => {
        const socket = new WebSocket(url.replace('http', 'ws') + '/graphql', 'graphql-transport-ws');
        socket.onopen = socket.onerror = (event) => resolve(event.type);
    });
    return {
        post: await ask('/graphql', {
            method: 'POST',
            headers: {'Content-Type': 'application/json', 'Rapporteur-Actor': 'page'},
            body: JSON.stringify({query: '{ __typename }'}),
        }),
        get: await ask('/graphql?query={__typename}', {headers: {'Rapporteur-Preflight': '1'}}),
        plain: await ask('/healthz'),
        opaque: await ask('/healthz', {mode: 'no-cors'}),
        socket: await connect(),
    };
}"""
