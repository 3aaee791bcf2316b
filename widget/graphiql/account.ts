import { Failure, request } from "../src/graphql";

/** What the log-in says: tokens, until when the first is good, and whose they are. */
interface Session {
  accessToken: string;
  refreshToken: string;
  expiresAt: string;
  user: { email: string; role: string };
}

const SESSION = `
  ... on Session { accessToken refreshToken expiresAt user { email role } }
  ... on UserError { code reason: message }
`;
const LOGIN = `mutation ($email: String!, $password: String!) { result: login(input: { email: $email, password: $password }) { ${SESSION} } }`;
const REFRESH = `mutation ($refreshToken: String!) { result: refreshSession(input: { refreshToken: $refreshToken }) { ${SESSION} } }`;
const LOGOUT = "mutation { result: logout { __typename } }";

/** The part of an access token's life after which it is exchanged: what is under way then ends with a good token. */
const REFRESHED_AFTER = 0.75;
/** The least wait before an exchange, in milliseconds: a clock that runs fast, or a network that is gone, causes no rush. */
const LEAST_WAIT = 1_000;

/** The account the page is logged in with. Its tokens are in memory only: a page that is left behind keeps none. */
export class Account {
  /** Why the last session ended by itself, for people. */
  problem = "";
  private session: Session | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly endpoint: URL) {}

  /** Whose account it is; undefined when nobody is logged in. */
  get user(): Session["user"] | undefined {
    return this.session?.user;
  }

  /** The `Authorization` header of the account's operations. */
  get authorization(): string | undefined {
    return this.session && `Bearer ${this.session.accessToken}`;
  }

  /** Calls back at every log-in, exchange of tokens and log-out, until the returned function is called. */
  onChange = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Throws a `Failure` when the server refuses the password or cannot be reached. */
  async logIn(email: string, password: string): Promise<void> {
    this.enter(await request<Session>(this.endpoint, LOGIN, { email, password }));
  }

  /** Forgets the tokens at once, and tells the server that they are good for nothing. */
  async logOut(): Promise<void> {
    const token = this.session?.accessToken;
    this.enter(undefined);
    await request(this.endpoint, LOGOUT, {}, token);
  }

  private enter(session: Session | undefined, problem = ""): void {
    this.session = session;
    this.problem = problem;
    clearTimeout(this.timer);
    if (session) this.refreshAfter(REFRESHED_AFTER * (Date.parse(session.expiresAt) - Date.now()));
    this.listeners.forEach((listener) => listener());
  }

  private refreshAfter(milliseconds: number): void {
    this.timer = setTimeout(() => void this.refresh(), Math.max(milliseconds, LEAST_WAIT));
  }

  private async refresh(): Promise<void> {
    const before = this.session;
    if (!before) return;
    try {
      const after = await request<Session>(this.endpoint, REFRESH, { refreshToken: before.refreshToken });
      if (this.session === before) this.enter(after);
    } catch (error) {
      if (this.session !== before) return;
      if (error instanceof Failure && error.code === "NETWORK") this.refreshAfter(LEAST_WAIT);
      else this.enter(undefined, "The session has ended: log in again.");
    }
  }
}
