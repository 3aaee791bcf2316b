import { Failure, request } from "../src/graphql";
import type { KeptSession, Session } from "./kept-session";

const SESSION = `
  ... on Session { accessToken refreshToken expiresAt user { email role } }
  ... on UserError { code message }
`;
const LOGIN = `mutation ($email: String!, $password: String!) { result: login(input: { email: $email, password: $password }) { ${SESSION} } }`;
const REFRESH = `mutation ($refreshToken: String!) { result: refreshSession(input: { refreshToken: $refreshToken }) { ${SESSION} } }`;
const LOGOUT = "mutation { result: logout { __typename } }";

/** The part of an access token's life after which it is exchanged: what is under way then ends with a good token. */
const REFRESHED_AFTER = 0.75;
/** The least wait before an exchange, in milliseconds: a clock that runs fast, or a network that is gone, causes no rush. */
const LEAST_WAIT = 1_000;

/** The wrong passwords in a row after which the page speaks of locked accounts: the server tells nobody that one is. */
const WRONG_PASSWORDS_BEFORE_HINT = 3;
const LOCK_HINT = "After several wrong passwords an account is locked for a while, by default for 15 minutes: try again later.";

/** The account the page is logged in with. Its tokens are in memory, and in the tab's session storage while the page is away. */
export class Account {
  /** Why the last session ended by itself, for people. */
  problem = "";
  /** Whether a session is taken up whose access token has expired: nobody is logged in until it is exchanged. */
  isResuming = false;
  private session: Session | undefined;
  /** The session whose refresh token is on its way to the server. */
  private exchanged: Session | undefined;
  private wrongPasswords = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly endpoint: URL,
    private readonly kept: KeptSession,
  ) {}

  /** Whose account it is; undefined when nobody is logged in. */
  get user(): Session["user"] | undefined {
    return this.isResuming ? undefined : this.session?.user;
  }

  /** The `Authorization` header of the account's operations. */
  get authorization(): string | undefined {
    return this.user && `Bearer ${this.session?.accessToken}`;
  }

  /** Calls back at every log-in, exchange of tokens and log-out, until the returned function is called. */
  onChange = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Throws a `Failure` when the server refuses the password or cannot be reached. */
  async logIn(email: string, password: string): Promise<void> {
    try {
      this.enter(await request<Session>(this.endpoint, LOGIN, { email, password }));
      this.wrongPasswords = 0;
    } catch (error) {
      if (!(error instanceof Failure && error.code === "INVALID_CREDENTIALS")) throw error;
      this.wrongPasswords += 1;
      throw this.wrongPasswords < WRONG_PASSWORDS_BEFORE_HINT ? error : new Failure(error.code, `${error.message} ${LOCK_HINT}`);
    }
  }

  /** Forgets the tokens at once, and tells the server that they are good for nothing. */
  async logOut(): Promise<void> {
    const token = this.session?.accessToken;
    this.enter(undefined);
    await request(this.endpoint, LOGOUT, {}, token);
  }

  /** Takes up the session that the page put down when it was left. */
  resume = (): void => {
    const session = this.kept.take();
    if (!session || Date.parse(session.expiresAt) - Date.now() > LEAST_WAIT) return this.enter(session);
    this.session = session;
    this.isResuming = true;
    this.tellListeners();
    void this.refresh();
  };

  /** Puts the session down, for the page is left. A page that the browser shows again as it was resumes it. */
  suspend = (): void => {
    this.kept.put(this.session);
    this.session = undefined;
    clearTimeout(this.timer);
  };

  /** Exchanges the tokens for new ones. A session whose refresh token is refused has ended. */
  async refresh(): Promise<void> {
    const before = this.session;
    if (!before || before === this.exchanged) return; // a refresh token that is sent twice ends its session
    this.exchanged = before;
    try {
      const after = await request<Session>(this.endpoint, REFRESH, { refreshToken: before.refreshToken });
      if (this.session === before) this.enter(after);
    } catch (error) {
      this.exchanged = undefined;
      if (this.session !== before) return;
      if (error instanceof Failure && error.code === "NETWORK") this.refreshAfter(LEAST_WAIT);
      else this.enter(undefined, "You were logged out, because the session has ended: log in again.");
    }
  }

  private enter(session: Session | undefined, problem = ""): void {
    this.session = session;
    this.isResuming = false;
    this.problem = problem;
    clearTimeout(this.timer);
    if (session) this.refreshAfter(REFRESHED_AFTER * (Date.parse(session.expiresAt) - Date.now()));
    this.tellListeners();
  }

  private refreshAfter(milliseconds: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.refresh(), Math.max(milliseconds, LEAST_WAIT));
  }

  private tellListeners(): void {
    this.listeners.forEach((listener) => listener());
  }
}
