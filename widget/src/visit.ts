import { Failure, request, type Named } from "./graphql";
import type { Memory } from "./memory";

/** How a workspace wants its chat to look and to greet. */
export interface WidgetSettings {
  title: string;
  welcome: string | null;
  suggestedQuestions: string[];
  accentColor: string | null;
  position: string;
  avatarUrl: string | null;
  customCss: string | null;
  locale: string | null;
}

interface VisitAnswer {
  token: string;
  expiresAt: string;
  widget: WidgetSettings;
}

export const START_VISIT = `mutation StartVisit($input: StartVisitInput!) {
  result: startVisit(input: $input) {
    ... on Visit {
      token expiresAt
      widget { title welcome suggestedQuestions accentColor position avatarUrl customCss locale }
    }
    ... on UserError { code message }
  }
}`;

/** A token is renewed this long before it ends, so that no request carries one that dies on the way. */
const RENEW_BEFORE_MS = 60_000;

/** What names an operation of the widget, which the server got to know when the widget was built. */
function named(query: string): Named {
  return { persistedQuery: { version: 1, sha256Hash: OPERATION_HASHES[query.split(/\W/, 2)[1]!] } };
}

/** One visitor on one workspace's site: the publishable key bought a token, which is renewed while the page stays. */
export class Visit {
  #answer: VisitAnswer;
  #renewal: Promise<VisitAnswer> | undefined;

  private constructor(
    readonly endpoint: URL,
    private readonly apiKey: string,
    private readonly memory: Memory,
    answer: VisitAnswer,
  ) {
    this.#answer = answer;
  }

  /** @throws Failure when the visit is refused or the server is out of reach. */
  static async start(endpoint: URL, apiKey: string, memory: Memory): Promise<Visit> {
    return new Visit(endpoint, apiKey, memory, await ask(endpoint, apiKey, memory));
  }

  get settings(): WidgetSettings {
    return this.#answer.widget;
  }

  /** A token that is good for at least a minute. */
  async token(): Promise<string> {
    if (Date.parse(this.#answer.expiresAt) - Date.now() < RENEW_BEFORE_MS) await this.renew();
    return this.#answer.token;
  }

  /** Exchanges the token for a new one; callers at the same moment share one exchange. */
  async renew(): Promise<void> {
    this.#renewal ??= ask(this.endpoint, this.apiKey, this.memory).finally(() => (this.#renewal = undefined));
    this.#answer = await this.#renewal;
  }

  /** For the part of the widget that holds the texts and not their hashes. */
  readonly named = named;

  /** Asks one operation as this visitor; a token refused before its time is renewed once. */
  async request<Result>(query: string, variables: Record<string, unknown>): Promise<Result> {
    try {
      return await request<Result>(this.endpoint, query, variables, await this.token(), named(query));
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== "UNAUTHENTICATED") throw error;
      await this.renew();
      return request<Result>(this.endpoint, query, variables, await this.token(), named(query));
    }
  }
}

async function ask(endpoint: URL, apiKey: string, memory: Memory): Promise<VisitAnswer> {
  const visitorToken = memory.get("visitorToken");
  // A token that the server no longer knows makes a new visitor.
  const input = visitorToken ? { apiKey, visitorToken } : { apiKey };
  const answer = await request<VisitAnswer>(endpoint, START_VISIT, { input }, undefined, named(START_VISIT));
  memory.set("visitorToken", answer.token);
  return answer;
}
