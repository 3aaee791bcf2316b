"""The file of the secret key is lost: people log in again, and what it encrypted is named as unreadable."""

from pathlib import Path
from uuid import uuid4

import pytest
from gql.transport.exceptions import TransportQueryError

from tests.end_to_end.test_faults_answers import asked
from tests.end_to_end.test_main_job import CREATE_WORKSPACE, REGISTER
from tests.support.client import FrontEnd
from tests.support.server import running

LOGIN = "mutation ($input: LoginInput!) { login(input: $input) { ... on Session { accessToken } } }"
ADD = """mutation ($input: CreateWorkspaceDatabaseInput!) { createWorkspaceDatabase(input: $input) {
    ... on WorkspaceDatabasePayload { database { id hasPassword } } ... on UserError { code message } } }"""
DATABASES = "{ workspaces { nodes { databases { nodes { name hasPassword } } } } }"
PASSWORD = "correct horse battery"


async def test_without_its_key_a_server_starts_people_log_in_again_and_lost_passwords_are_named(sample: Path) -> None:
    # Given an owner with an external database, and a visitor.
    account = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD}
    with running(sample) as server:
        owner = FrontEnd(server, (await FrontEnd(server).ask(REGISTER, input=account))["register"]["accessToken"])
        made = await owner.ask(CREATE_WORKSPACE, input={"name": "Shop"})
        external = {
            "workspaceId": made["createWorkspace"]["workspace"]["id"],
            "name": "erp",
            "dbType": "POSTGRES",
            "host": "93.184.216.34",
            "database": "erp",
            "password": PASSWORD,
        }
        added = (await owner.ask(ADD, input=external))["createWorkspaceDatabase"]
        assert added["database"]["hasPassword"]
        one = await asked(server, "What is Monitora?")
        await one.told()

    # When the key is lost.
    (sample / "secret.key").unlink()

    with running(sample) as server:
        # Then tokens are refused, in words that a client understands, and people log in with their password.
        for token in (owner.token, one.visitor.token):
            with pytest.raises(TransportQueryError, match="UNAUTHENTICATED"):
                await FrontEnd(server, token).ask("{ me { email } }")
        session = (await FrontEnd(server).ask(LOGIN, input=account))["login"]
        owner = FrontEnd(server, session["accessToken"])
        shown = await owner.ask(DATABASES)
        assert shown["workspaces"]["nodes"] == [{"databases": {"nodes": [{"name": "erp", "hasPassword": True}]}}]

        # The password of the external database is lost, and the command that would renew it says whose.
        rotated = server.run("rotate-secrets")
        assert rotated.returncode == 1
        assert "No key opens the passwords of 1 databases" in rotated.stderr
        assert "Traceback" not in rotated.stderr

        # With a password given again, all is well.
        changed = {"id": added["database"]["id"], "password": PASSWORD}
        await owner.ask(ADD.replace("createW", "updateW").replace("CreateW", "UpdateW"), input=changed)
        assert server.run("rotate-secrets").returncode == 0
    assert "Traceback" not in (sample / "server.log").read_text()
