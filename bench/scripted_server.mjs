// The same load on Node's graphql-js and `graphql-ws`: node bench/scripted_server.mjs PORT, with the packages of tests/node.
import { createServer } from "node:http";
import { createRequire } from "node:module";

const require = createRequire(new URL("../tests/node/package.json", import.meta.url));
const { buildSchema } = require("graphql");
const { useServer } = require("graphql-ws/use/ws");
const { WebSocketServer } = require("ws");

const BURST = 25;
const schema = buildSchema(`
  interface AnswerEvent { sequence: Int! }
  type AnswerStarted implements AnswerEvent { sequence: Int! }
  type AnswerDelta implements AnswerEvent { sequence: Int!  text: String! }
  type AnswerFinished implements AnswerEvent { sequence: Int! }
  input ChatInput { content: String!  clientMessageId: ID! }
  type Query { ok: Boolean }
  type Subscription { chat(input: ChatInput!): AnswerEvent! }
`);

let waiting = [];

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const turn = () => new Promise((resolve) => setImmediate(resolve));

async function* chat({ input }) {
  const [count, rate] = input.content.split(" ").map(Number);
  yield { chat: { __typename: "AnswerStarted", sequence: 1 } };
  await new Promise((resolve) => waiting.push(resolve));
  const started = performance.now() + (rate && (1000 * Math.random()) / rate);
  for (let number = 0; number < count; number++) {
    if (rate) await pause(Math.max(0, started + (1000 * number) / rate - performance.now()));
    else if (number % BURST === 0) await turn();
    const text = `${((performance.timeOrigin + performance.now()) / 1000).toFixed(6)} `;
    yield { chat: { __typename: "AnswerDelta", sequence: number + 2, text } };
  }
  yield { chat: { __typename: "AnswerFinished", sequence: count + 2 } };
}

const server = createServer(async (request, response) => {
  while (waiting.length < Number(request.url.split("/").at(-1))) await pause(10);
  for (const begin of waiting) begin();
  waiting = [];
  response.end(`${Date.now() / 1000}`);
});
useServer({ schema, roots: { subscription: { chat } } }, new WebSocketServer({ server, path: "/graphql", perMessageDeflate: false }));
server.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 }, () => console.log("listening"));
