import assert from "node:assert/strict";
import { createServer } from "node:http";
import { type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { Account } from "../graphiql/account";
import { createFetcher } from "../graphiql/fetcher";

/** A server whose tokens are numbered and live for two seconds; it answers any other query with the headers it was sent. */
const server = createServer(async (request, response) => {
  const { query, variables } = JSON.parse(await text(request));
  const data = query.includes("login(")
    ? { result: variables.password === "right" ? session(1) : { code: "BAD_CREDENTIALS", reason: "Wrong password." } }
    : query.includes("refreshSession(")
      ? { result: session(Number(variables.refreshToken) + 1) }
      : query.includes("logout")
        ? { result: {} }
        : { headers: request.headers };
  response.setHeader("content-type", "application/json").end(JSON.stringify({ data }));
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
after(() => {
  server.closeAllConnections();
  server.close();
});
const endpoint = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`);

function session(number: number) {
  const expiresAt = new Date(Date.now() + 2_000).toISOString();
  return { accessToken: `access-${number}`, refreshToken: String(number), expiresAt, user: { email: "ada@example.com", role: "USER" } };
}

async function authorizationSent(account: Account, headers: Record<string, string> = {}): Promise<unknown> {
  const result = await createFetcher(endpoint, account)({ query: "{ headers }" }, { headers });
  return (result as { data: { headers: Record<string, string> } }).data.headers["authorization"];
}

test("operations run as the account that is logged in, until it logs out", async () => {
  const account = new Account(endpoint);
  assert.equal(await authorizationSent(account), undefined);

  await account.logIn("ada@example.com", "right");
  assert.equal(await authorizationSent(account), "Bearer access-1");

  await account.logOut();
  assert.equal(await authorizationSent(account), undefined);
});

test("a tab whose headers name an authorization runs with that one", async () => {
  const account = new Account(endpoint);
  await account.logIn("ada@example.com", "right");
  assert.equal(await authorizationSent(account, { Authorization: "Bearer mine" }), "Bearer mine");
  await account.logOut();
});

test("a refused log-in says why and leaves nobody logged in", async () => {
  const account = new Account(endpoint);
  await assert.rejects(account.logIn("ada@example.com", "wrong"), /Wrong password\./);
  assert.equal(account.user, undefined);
});

test("the access token is exchanged before it expires", async () => {
  const account = new Account(endpoint);
  await account.logIn("ada@example.com", "right");
  await new Promise<void>((resolve) => account.onChange(resolve));
  assert.equal(account.authorization, "Bearer access-2");
  await account.logOut();
});
