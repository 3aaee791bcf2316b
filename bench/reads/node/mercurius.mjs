// mercurius on Fastify, compiling each operation after its first run, with its loaders: node mercurius.mjs PORT.
import { makeExecutableSchema } from "@graphql-tools/schema";
import Fastify from "fastify";
import mercurius from "mercurius";
import { messagesOfEach, ownerOf, resolvers, typeDefs } from "./rows.mjs";

const loaders = {
  Conversation: {
    messages: {
      loader: async (queries) =>
        messagesOfEach(queries.map(({ obj }) => obj.id)).map((nodes, at) => ({ nodes: nodes.slice(0, queries[at].params.first) })),
      opts: { cache: false },
    },
  },
};

function context({ headers }) {
  const owner = ownerOf(headers.authorization);
  if (!owner) throw new mercurius.ErrorWithProps("Log in.", {}, 401);
  return { owner };
}

const app = Fastify({ logger: false });
app.register(mercurius, { schema: makeExecutableSchema({ typeDefs, resolvers }), loaders, context, jit: 1 });
await app.listen({ port: Number(process.argv[2]), host: "127.0.0.1" });
