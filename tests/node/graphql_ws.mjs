// What npm's `graphql-ws` sees of a server, scenario by scenario, as JSON: node graphql_ws.mjs '{"url", "token", "brief"}'
import { randomUUID } from "node:crypto";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const { url, token, brief } = JSON.parse(process.argv[2]);

const EVENT = `__typename answerId sequence ... on AnswerStarted { conversation { id } } ... on AnswerDelta { text }
  ... on AnswerFinished { message { content finishReason } } ... on AnswerFailed { code }`;
const CHAT = `subscription ($input: ChatInput!) { event: chat(input: $input) { ${EVENT} } }`;
const ANSWER = `subscription ($id: ID!, $after: Int) { event: answer(answerId: $id, after: $after) { ${EVENT} } }`;
const SEND = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) { ... on SendMessagePayload { answerId } } }`;
const HISTORY = `query ($id: ID!) { conversation(id: $id) { messageCount } }`;
const STOP = `mutation ($input: StopAnswerInput!) { stopAnswer(input: $input) { ... on StopAnswerPayload { answerId } } }`;

function connected(options = {}) {
  const sockets = [];
  const closes = [];
  const client = createClient({
    url,
    connectionParams: { authorization: `Bearer ${token}` },
    webSocketImpl: WebSocket,
    retryWait: async () => {},
    ...options,
    on: {
      opened: (socket) => sockets.push(socket),
      closed: (event) => closes.push(event.code),
      ...options.on,
    },
  });
  return { client, sockets, closes };
}

const said = () => ({ content: `When does it open? ${randomUUID()}`, clientMessageId: randomUUID() });

async function once(client, query, variables) {
  for await (const result of client.iterate({ query, variables })) return result;
}

/** The events of a subscription; `onEvent` may end it early by returning true. */
async function events(client, query, variables, onEvent = () => false) {
  const seen = [];
  for await (const { data } of client.iterate({ query, variables })) {
    seen.push(data.event);
    if (onEvent(data.event, seen)) break;
  }
  return seen;
}

const pieces = (seen) => seen.filter((event) => event.__typename === "AnswerDelta").length;

const scenarios = {
  async query() {
    const { client } = connected();
    return once(client, "{ __typename }");
  },

  async "mutation, then its answer"() {
    const { client } = connected();
    const { data } = await once(client, SEND, { input: said() });
    return events(client, ANSWER, { id: data.sendMessage.answerId, after: 0 });
  },

  async "chat streamed"() {
    const { client } = connected();
    return events(client, CHAT, { input: said() });
  },

  async "chat, dropped and retried by the client"() {
    const { client, sockets } = connected();
    let isDropped = false;
    const seen = await events(client, CHAT, { input: said() }, (_, so_far) => {
      if (!isDropped && pieces(so_far) === 3) {
        isDropped = true;
        sockets[0].terminate();
      }
    });
    const { data } = await once(client, HISTORY, { id: seen[0].conversation.id });
    return { seen, sockets: sockets.length, messages: data.conversation.messageCount };
  },

  async "answer after, dropped and retried by the client"() {
    const { client, sockets } = connected();
    const { data } = await once(client, SEND, { input: said() });
    let isDropped = false;
    const before = sockets.length;
    const seen = await events(client, ANSWER, { id: data.sendMessage.answerId, after: 2 }, (_, so_far) => {
      if (!isDropped && pieces(so_far) === 3) {
        isDropped = true;
        sockets.at(-1).terminate();
      }
    });
    return { seen, sockets: sockets.length - before };
  },

  async "complete ends the stream and not the answer, stop ends the answer"() {
    const { client } = connected();
    const left = await events(client, CHAT, { input: said() }, (_, so_far) => pieces(so_far) === 2);
    const id = left[0].answerId;
    await once(client, STOP, { input: { answerId: id } });
    return events(client, ANSWER, { id, after: left.at(-1).sequence });
  },

  async "a syntax error ends one operation"() {
    const { client, sockets } = connected();
    const streaming = events(client, CHAT, { input: said() });
    const errors = await once(client, "{").catch((error) => error);
    const seen = await streaming;
    return { errors, last: seen.at(-1).__typename, sockets: sockets.length };
  },

  async "two operations at a time"() {
    const { client, sockets } = connected();
    const both = await Promise.all([0, 1].map(() => events(client, CHAT, { input: said() })));
    return { both, sockets: sockets.length };
  },

  async "an expired token is exchanged and the stream goes on"() {
    let asked = 0;
    const { client, closes } = connected({
      connectionParams: () => ({ authorization: `Bearer ${asked++ === 0 ? brief : token}` }),
    });
    const input = said();
    const seen = await events(client, CHAT, { input });
    return { seen, closes, asked };
  },

  async "ping and pong"() {
    const heard = [];
    const { client } = connected({ lazy: false, keepAlive: 50, on: { pong: (received) => heard.push(received) } });
    while (!heard.includes(true)) await new Promise((resolve) => setTimeout(resolve, 20));
    await client.dispose();
    return heard.includes(true);
  },
};

const WITHIN_MS = 40_000;

// All at once: each waits mostly for the model.
const outcomes = await Promise.all(
  Object.entries(scenarios).map(async ([name, run]) => {
    const late = new Promise((resolve) => setTimeout(resolve, WITHIN_MS, "nothing in time"));
    return [name, await Promise.race([run(), late]).catch((error) => ({ failed: String(error), code: error.code }))];
  }),
);
process.stdout.write(JSON.stringify(Object.fromEntries(outcomes)), () => process.exit(0));
