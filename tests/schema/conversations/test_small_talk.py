"""Messages that no document answers: small talk, and questions that nothing is known of."""

import pytest

from tests.support.people import People, Shop

INSIGHTS = "query ($id: ID!) { workspace(id: $id) { metrics { lowConfidenceCount avgRagScore } } }"
UPDATE = "updateWorkspace ... on UpdateWorkspacePayload { workspace { noAnswerText confidenceThreshold maxSources } }"


@pytest.fixture
async def shop(people: People) -> Shop:
    """A workspace that knows nothing."""
    return await people.shop()


@pytest.fixture
async def garden(shop: Shop) -> Shop:
    """A workspace that knows about a garden centre."""
    await shop.learn()
    return shop


@pytest.mark.parametrize(
    ("message", "reply"),
    [("hello", "Hello! What"), ("Merci !", "Avec plaisir"), ("Who are you?", "assistant of Garden")],
)
async def test_small_talk_is_answered_without_a_search_and_counts_as_no_answer(
    garden: Shop, message: str, reply: str
) -> None:
    events = await (await garden.visitor()).chat(message)

    said = events[-1]["message"]
    assert reply in said["content"]
    assert (said["ragScore"], said["sources"], said["tokensUsed"]) == (None, [], 0)
    assert events[0]["conversation"]["title"] is None
    metrics = (await garden.owner.ask(INSIGHTS, id=garden.id))["workspace"]["metrics"]
    assert metrics == {"lowConfidenceCount": 0, "avgRagScore": None}


async def test_a_conversation_is_named_by_its_first_question(garden: Shop) -> None:
    visitor = await garden.visitor()
    began = await visitor.chat("Good morning!")
    conversation = began[0]["conversation"]["id"]

    asked = await visitor.chat("What does delivery cost?", conversationId=conversation)

    assert asked[0]["conversation"]["title"] == "What does delivery cost?"


async def test_a_greeting_is_returned_with_the_workspace_s_own_welcome(garden: Shop) -> None:
    await garden.owner.change(UPDATE, id=garden.id, widget={"welcome": "Welcome among the plants."})

    events = await (await garden.visitor()).chat("Hi!")

    assert events[-1]["message"]["content"] == "Welcome among the plants."


@pytest.mark.parametrize(
    ("question", "told"),
    [
        (
            "Who won the football match yesterday?",
            "Ask the gardeners. You can reach us here: https://example.com/contact",
        ),
        (
            "Qui a gagné le match de football hier ?",
            "Demandez. Vous pouvez nous joindre ici : https://example.com/contact",
        ),
    ],
)
async def test_what_the_documents_do_not_answer_is_told_in_the_workspace_s_words(
    garden: Shop, question: str, told: str
) -> None:
    texts = {
        "noAnswerText": "Ask the gardeners.",
        "noAnswerTextFr": "Demandez.",
        "contactUrl": "https://example.com/contact",
    }
    await garden.owner.change(UPDATE, id=garden.id, **texts)

    said = (await (await garden.visitor()).chat(question))[-1]["message"]

    assert said["content"].startswith(told)
    assert said["sources"] == []
    assert said["ragScore"] < 0.5


async def test_who_asks_for_a_person_is_told_where_people_are(garden: Shop) -> None:
    await garden.owner.change(UPDATE, id=garden.id, contactUrl="https://example.com/contact")

    said = (await (await garden.visitor()).chat("Can I talk to a human?"))[-1]["message"]

    assert said["content"].endswith("You can reach us here: https://example.com/contact")


async def test_an_owner_chooses_from_which_confidence_on_and_from_how_much_is_answered(garden: Shop) -> None:
    await garden.owner.change(UPDATE, id=garden.id, confidenceThreshold=0.0, maxSources=1)

    started = (await (await garden.visitor()).chat("When does the garden centre open, and what does delivery cost?"))[0]

    assert len(started["sources"]) == 1
    await garden.owner.change(UPDATE, id=garden.id, confidenceThreshold=1.0)
    declined = (await (await garden.visitor()).chat("When does the garden centre open?"))[-1]["message"]
    assert declined["sources"] == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("confidenceThreshold", 1.5), ("maxSources", 0), ("maxSources", 11)],
)
async def test_settings_out_of_bounds_are_refused(shop: Shop, field: str, value: object) -> None:
    refused = await shop.owner.change(UPDATE, id=shop.id, **{field: value})

    assert (refused["code"], refused["path"]) == ("BAD_USER_INPUT", [field])


async def test_a_follow_up_is_answered_about_what_was_talked_about(shop: Shop) -> None:
    await shop.learn("# Delivery\n\n## Costs\n\nStandard delivery costs 4.90 euros.\n", "delivery.md")
    await shop.learn("SKU,Name,Price\nKX-204,Hammer drill,89.90 EUR\nKX-310,Jigsaw,64.50 EUR\n", "products.csv")
    visitor = await shop.visitor()
    conversation = (await visitor.chat("What is KX-204?"))[0]["conversation"]["id"]

    said = (await visitor.chat("how much does it cost?", conversationId=conversation))[-1]["message"]

    assert "89.90 EUR" in said["content"]
    assert "4.90 euros" not in said["content"].replace("89.90", "")


async def test_sources_that_the_answer_does_not_cite_are_not_shown(garden: Shop) -> None:
    events = await (await garden.visitor()).chat("When does the garden centre open?")

    assert [source["documentName"] for source in events[-1]["message"]["sources"]] == ["garden.md"]
    assert "[1]" in events[-1]["message"]["content"]
