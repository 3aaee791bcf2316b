"""The sample workspace, when the signing key is followed by another."""

from dataclasses import replace

from pydantic import SecretStr

from monitora import demo
from monitora.settings.settings import Settings
from resolvers.services import Services

NEW = "the new secret, of at least thirty-two bytes"


async def test_what_was_derived_goes_on_working_while_the_key_before_is_accepted(
    services: Services, settings: Settings
) -> None:
    before = await demo.prepare(services, settings)
    key = await demo.published_key(services.database, settings)
    old = settings.signing_keys()[0]
    followed = settings.model_copy(update={"secret_key": SecretStr(NEW), "secret_key_previous": SecretStr(old)})

    assert before.password
    assert await demo.published_key(services.database, followed) == key
    assert await demo.prepare(services, followed) == before
    after = await demo.published_key(services.database, followed)
    assert after not in {None, key}, "the page has a key of the new secret once it is prepared"

    alone = settings.model_copy(update={"secret_key": SecretStr(NEW)})
    assert await demo.published_key(services.database, alone) == after
    assert await demo.prepare(services, alone) == replace(before, password=None)
