/** What the log-in says: tokens, until when the first is good, and whose they are. */
export interface Session {
  accessToken: string;
  refreshToken: string;
  expiresAt: string;
  user: { email: string; role: string };
}

/**
 * The tab's session while its page is away: put down when the page is left, taken up when it is loaded again. A refresh
 * token works once, so it has one holder: while the page is there, the storage is empty, and a tab that is duplicated
 * copies nothing. Where the storage is forbidden, the session ends with the page.
 */
export class KeptSession {
  /** Servers under other paths of the same site have sessions of their own. */
  private readonly key: string;

  /** @param storage gives the session storage; the browser may refuse it with an exception. */
  constructor(
    endpoint: URL,
    private readonly storage: () => Storage,
  ) {
    this.key = `monitora:graphiql:${endpoint.href}`;
  }

  put(session: Session | undefined): void {
    try {
      if (session) this.storage().setItem(this.key, JSON.stringify(session));
      else this.storage().removeItem(this.key);
    } catch {
      // The next page asks for the password.
    }
  }

  take(): Session | undefined {
    try {
      const text = this.storage().getItem(this.key);
      this.storage().removeItem(this.key);
      return text === null ? undefined : JSON.parse(text);
    } catch {
      return undefined;
    }
  }
}
