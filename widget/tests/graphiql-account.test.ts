import assert from "node:assert/strict";
import { createServer } from "node:http";
import { type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { Account } from "../graphiql/account";
import { createFetcher } from "../graphiql/fetcher";
import { KeptSession } from "../graphiql/kept-session";

/** The refresh tokens that were exchanged already: one that is used twice ends its session. */
const used = new Set<string>();

/** A server whose tokens are numbered and live for two seconds; it answers any other query with what it was sent. */
const server = createServer(async (request, response) => {
  const sent = JSON.parse(await text(request));
  const { query, variables } = sent;
  const answer = query.includes("login(")
    ? { data: { result: variables.password === "right" ? session() : { code: "INVALID_CREDENTIALS", message: "Wrong password." } } }
    : query.includes("refreshSession(")
      ? { data: { result: exchange(variables.refreshToken) } }
      : query.includes("logout")
        ? { data: { result: {} } }
        : query.includes("{ refused }")
          ? { errors: [{ message: "Log in.", extensions: { code: "UNAUTHENTICATED" } }] }
          : { data: { headers: request.headers, sent } };
  response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
after(() => {
  server.closeAllConnections();
  server.close();
});
const endpoint = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`);

let sessions = 0;

function session() {
  const [number, expiresAt] = [(sessions += 1), new Date(Date.now() + 2_000).toISOString()];
  return { accessToken: `access-${number}`, refreshToken: `refresh-${number}`, expiresAt, user: { email: "ada@example.com", role: "LECTEUR" } };
}

function exchange(refreshToken: string) {
  if (used.has(refreshToken)) return { code: "REFRESH_TOKEN_INVALID", message: "The session has ended: log in again." };
  used.add(refreshToken);
  return session();
}

/** A tab's session storage. */
class Storage {
  readonly items = new Map<string, string>();
  getItem = (key: string) => this.items.get(key) ?? null;
  setItem = (key: string, value: string) => void this.items.set(key, value);
  removeItem = (key: string) => void this.items.delete(key);

  /** What a tab that is duplicated, or a session restored from a file, begins with. */
  copy(): Storage {
    const copy = new Storage();
    this.items.forEach((value, key) => copy.items.set(key, value));
    return copy;
  }

  /** Lets the access token that is kept here expire. */
  expire(): void {
    this.items.forEach((text, key) => this.items.set(key, JSON.stringify({ ...JSON.parse(text), expiresAt: new Date(0) })));
  }
}

/** GraphiQL's page as it is loaded in a tab. */
function load(tab = new Storage()): Account {
  const account = new Account(endpoint, new KeptSession(endpoint, () => tab as unknown as globalThis.Storage));
  account.resume();
  return account;
}

const emailOf = (account: Account) => account.user?.email;
const changed = (account: Account) => new Promise<void>((resolve) => account.onChange(resolve));

async function authorizationSent(account: Account, headers: Record<string, string> = {}): Promise<unknown> {
  const result = await createFetcher(endpoint, account)({ query: "{ headers }" }, { headers });
  return (result as { data: { headers: Record<string, string> } }).data.headers["authorization"];
}

test("operations run as the account that is logged in, until it logs out", async () => {
  const account = load();
  assert.equal(await authorizationSent(account), undefined);

  await account.logIn("ada@example.com", "right");
  assert.match(String(await authorizationSent(account)), /^Bearer access-/);

  await account.logOut();
  assert.equal(await authorizationSent(account), undefined);
});

test("a tab whose headers name an authorization runs with that one", async () => {
  const account = load();
  await account.logIn("ada@example.com", "right");
  assert.equal(await authorizationSent(account, { Authorization: "Bearer mine" }), "Bearer mine");
  await account.logOut();
});

test("a refused log-in says why and leaves nobody logged in", async () => {
  const account = load();
  await assert.rejects(account.logIn("ada@example.com", "wrong"), /Wrong password\./);
  assert.equal(emailOf(account), undefined);
});

test("the sentence on locked accounts comes after several wrong passwords in a row, whoever they are for", async () => {
  const account = load();
  const refusal = async (email: string) => ((await account.logIn(email, "wrong").catch((error: Error) => error)) as Error).message;

  assert.equal(await refusal("ada@example.com"), "Wrong password.");
  assert.equal(await refusal("nobody@example.com"), "Wrong password.");
  assert.match(await refusal("ada@example.com"), /^Wrong password\. After several wrong passwords an account is locked for a while/);

  await account.logIn("ada@example.com", "right");
  await account.logOut();
  assert.equal(await refusal("ada@example.com"), "Wrong password.");
});

test("the access token is exchanged before it expires", async () => {
  const account = load();
  await account.logIn("ada@example.com", "right");
  const before = account.authorization;
  await changed(account);
  assert.match(account.authorization!, /^Bearer access-/);
  assert.notEqual(account.authorization, before);
  await account.logOut();
});

test("a page that is loaded again in its tab is logged in, and the storage holds nothing while it is there", async () => {
  const tab = new Storage();
  const before = load(tab);
  await before.logIn("ada@example.com", "right");
  const authorization = before.authorization;
  assert.equal(tab.items.size, 0);

  before.suspend();
  assert.equal(tab.items.size, 1);
  const after = load(tab);

  assert.equal(tab.items.size, 0);
  assert.equal(emailOf(after), "ada@example.com");
  assert.equal(await authorizationSent(after), authorization);
  await after.logOut();
});

test("a page that is loaded after its access token expired exchanges it before anybody is logged in", async () => {
  const tab = new Storage();
  const before = load(tab);
  await before.logIn("ada@example.com", "right");
  before.suspend();
  tab.expire();

  const after = load(tab);
  assert.equal(after.isResuming, true);
  assert.equal(emailOf(after), undefined);
  assert.equal(after.authorization, undefined);

  await changed(after);
  assert.equal(after.isResuming, false);
  assert.equal(emailOf(after), "ada@example.com");
  await after.logOut();
});

test("a tab that is duplicated while its page is there is logged out, and the page goes on", async () => {
  const tab = new Storage();
  const page = load(tab);
  await page.logIn("ada@example.com", "right");

  const duplicate = load(tab.copy());

  assert.equal(emailOf(duplicate), undefined);
  await page.refresh();
  assert.equal(emailOf(page), "ada@example.com");
  await page.logOut();
});

test("of two tabs that hold one refresh token all the same, the second says that it is logged out", async () => {
  const tab = new Storage();
  const page = load(tab);
  await page.logIn("ada@example.com", "right");
  page.suspend();
  tab.expire();
  const [first, second] = [load(tab.copy()), load(tab)];

  await Promise.all([changed(first), changed(second)]);

  const refused = [first, second].find(({ user }) => user === undefined);
  assert.match(refused!.problem, /^You were logged out.*log in again/);
  assert.equal(refused!.isResuming, false);
  await Promise.all([first.logOut(), second.logOut()]);
});

test("a page that is shown again as it was left resumes its session", async () => {
  const account = load();
  await account.logIn("ada@example.com", "right");
  account.suspend();
  assert.equal(emailOf(account), undefined);

  account.resume();

  assert.equal(emailOf(account), "ada@example.com");
  await account.logOut();
});

test("after a log-out nothing is kept when the page is left", async () => {
  const tab = new Storage();
  const account = load(tab);
  await account.logIn("ada@example.com", "right");
  await account.logOut();

  account.suspend();

  assert.equal(tab.items.size, 0);
  assert.equal(load(tab).user, undefined);
});

test("where the browser forbids the storage, the page works and is logged out when it is loaded again", async () => {
  const forbidden = () => {
    throw new DOMException("denied", "SecurityError");
  };
  const account = new Account(endpoint, new KeptSession(endpoint, forbidden));
  account.resume();
  await account.logIn("ada@example.com", "right");
  assert.equal(emailOf(account), "ada@example.com");
  account.suspend();
});

test("the only operation of a text runs whatever name GraphiQL has for it", async () => {
  const result = await createFetcher(endpoint, load())({ query: "query Here { headers }", operationName: "TheTabBefore" }, {});
  assert.equal((result as { data: { sent: { operationName: string } } }).data.sent.operationName, "Here");
});

test("a session that ended elsewhere is found out by the first operation that is refused", async () => {
  const account = load();
  await account.logIn("ada@example.com", "right");
  for (let number = 0; number <= sessions; number += 1) used.add(`refresh-${number}`);

  const [, result] = await Promise.all([changed(account), createFetcher(endpoint, account)({ query: "{ refused }" }, {})]);

  assert.match(JSON.stringify(result), /UNAUTHENTICATED/);
  assert.equal(emailOf(account), undefined);
  assert.match(account.problem, /^You were logged out/);
});
