// graphql-yoga on Node's own HTTP server, with a DataLoader: node yoga.mjs PORT.
import { createServer } from "node:http";
import DataLoader from "dataloader";
import { GraphQLError } from "graphql";
import { createSchema, createYoga } from "graphql-yoga";
import { messagesOfEach, ownerOf, resolvers, typeDefs } from "./rows.mjs";

const Conversation = {
  messages: async ({ id }, { first }, { messages }) => ({ nodes: (await messages.load(id)).slice(0, first) }),
};

function context({ request }) {
  const owner = ownerOf(request.headers.get("authorization"));
  if (!owner) throw new GraphQLError("Log in.", { extensions: { http: { status: 401 } } });
  return { owner, messages: new DataLoader(async (ids) => messagesOfEach(ids)) };
}

const schema = createSchema({ typeDefs, resolvers: { ...resolvers, Conversation } });
const yoga = createYoga({ schema, context, logging: false, graphiql: false, landingPage: false });
createServer(yoga).listen(Number(process.argv[2]), "127.0.0.1");
