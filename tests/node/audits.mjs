// Asks a server what `graphql-http` asks of every server of GraphQL over HTTP, and prints the outcomes as JSON.
import { serverAudits } from "graphql-http";

const outcomes = {};
for (const audit of serverAudits({ url: process.argv[2] })) {
  const { status, reason } = await audit.fn();
  outcomes[audit.id] = { name: audit.name, status, reason: reason ?? null };
}
console.log(JSON.stringify(outcomes));
