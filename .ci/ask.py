"""Ask a running sample workspace a question, as a visitor of its demo page does.

Fails unless an answer has text and sources. Usage: `.venv/bin/python .ci/ask.py http://127.0.0.1:8000`
"""

import json
import re
import sys
import time
import urllib.request
from typing import Any
from uuid import uuid4

from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

QUESTION = "Which file types can I upload?"
PATIENCE_SECONDS = 120
START_VISIT = "mutation ($input: StartVisitInput!) { startVisit(input: $input) { ... on Visit { token } } }"
CHAT = """subscription ($input: ChatInput!) { chat(input: $input) {
  __typename ... on AnswerFinished { message { content sources { documentName } } } ... on AnswerFailed { text }
} }"""


def start_visit(address: str) -> str:
    """Open the demo page and return a visitor's token."""
    with urllib.request.urlopen(f"{address}/demo", timeout=PATIENCE_SECONDS) as page:
        (key,) = re.findall(r'data-key="(mk_[^"]+)"', page.read().decode())
    body = json.dumps({"query": START_VISIT, "variables": {"input": {"apiKey": key}}}).encode()
    headers = {"content-type": "application/json", "origin": address}
    request = urllib.request.Request(f"{address}/graphql", body, headers)
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
        return str(json.load(answer)["data"]["startVisit"]["token"])


def ask(address: str, token: str) -> Any:
    """Ask the question over the websocket and return the message that answers it."""
    endpoint = address.replace("http", "ws", 1) + "/graphql"
    variables = {"input": {"clientMessageId": str(uuid4()), "content": QUESTION}}
    with connect(endpoint, origin=Origin(address), subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}))
        assert json.loads(socket.recv(PATIENCE_SECONDS))["type"] == "connection_ack"
        payload = {"query": CHAT, "variables": variables}
        socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        while True:
            received = json.loads(socket.recv(PATIENCE_SECONDS))
            assert received["type"] == "next", received
            event = received["payload"]["data"]["chat"]
            assert event["__typename"] != "AnswerFailed", event
            if event["__typename"] == "AnswerFinished":
                return event["message"]


def main(address: str) -> None:
    """Ask until the documents, which are indexed after the start, are in the answer."""
    token = start_visit(address)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (message := ask(address, token))["sources"]:
        assert time.monotonic() < deadline, f"no answer with sources, but: {message}"
        time.sleep(5)
    assert message["content"].strip(), "the answer has no text"
    print(f"Asked:    {QUESTION}")
    print(f"Answered: {' '.join(message['content'].split())[:160]} …")
    print(f"From:     {', '.join(dict.fromkeys(source['documentName'] for source in message['sources']))}")


if __name__ == "__main__":
    main(sys.argv[1])
