import { createClient, type Client } from "graphql-ws";
import { Failure, failureOf } from "../graphql";
import type { Visit } from "../visit";

/** A passage that an answer rests on. */
export interface Source {
  documentName: string;
  chunkIndex: number;
  excerpt: string;
  score: number;
  location: string | null;
  url: string | null;
}

/** Events of one answer, numbered by the server. */
export type AnswerEvent = { answerId: string; sequence: number } & (
  | { __typename: "AnswerStarted"; conversation: { id: string }; sources: Source[] }
  | { __typename: "AnswerDelta"; text: string }
  | { __typename: "AnswerFinished"; message: { id: string; content: string; sources: Source[] } }
  | { __typename: "AnswerFailed"; code: string; text: string; retryable: boolean }
);

export interface Question {
  clientMessageId: string;
  content: string;
  conversationId?: string;
  /** Known once the server accepted the question: the answer is then attached to, not asked again. */
  answerId?: string;
}

export type Link = "online" | "reconnecting";

const SOURCE = "documentName chunkIndex excerpt score location url";
const EVENT = `__typename answerId sequence
  ... on AnswerStarted { conversation { id } sources { ${SOURCE} } }
  ... on AnswerDelta { text }
  ... on AnswerFinished { message { id content sources { ${SOURCE} } } }
  ... on AnswerFailed { code text retryable }`;
const CHAT = `subscription Chat($input: ChatInput!) { event: chat(input: $input) { ${EVENT} } }`;
const ANSWER = `subscription Answer($answerId: ID!, $after: Int) {
  event: answer(answerId: $answerId, after: $after) { ${EVENT} }
}`;

const PING_EVERY_MS = 12_000;
const PONG_WITHIN_MS = 6_000;
const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 10_000;
/** Close codes by which the server says that the token is missing, over or refused. */
const TOKEN_CLOSE_CODES = [4401, 4403];

/**
 * Answers over one websocket that may be lost at any moment. A question is asked by `chat`, whose `clientMessageId`
 * makes a repetition harmless; from its first event on, the answer is attached to again by `answer(after:)`.
 */
export class AnswerSocket {
  readonly #client: Client;

  constructor(
    private readonly visit: Visit,
    private readonly onLink: (link: Link) => void,
  ) {
    this.#client = connect(visit);
  }

  /**
   * Every event once and in order, up to the answer's end.
   * @throws Failure when the server refuses; a lost connection is waited out instead.
   */
  async *events(question: Question, signal: AbortSignal): AsyncGenerator<AnswerEvent> {
    let { answerId } = question;
    let sequence: number | null = null;
    let renewed = false;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await this.visit.token();
        for await (const event of this.#attach(question, answerId, sequence, signal)) {
          attempt = 0;
          this.onLink("online");
          if (sequence !== null && event.sequence <= sequence) continue;
          ({ answerId, sequence } = event);
          yield event;
          if (event.__typename === "AnswerFinished" || event.__typename === "AnswerFailed") return;
        }
      } catch (error) {
        const tokenRefused = refusesToken(error);
        if (error instanceof Failure && error.code !== "NETWORK" && (!tokenRefused || renewed)) throw error;
        if (tokenRefused) {
          renewed = true;
          await this.visit.renew().catch(() => {}); // out of reach: the next round waits and asks again
        }
      }
      if (signal.aborted) return;
      this.onLink("reconnecting");
      await pause(attempt, signal);
    }
  }

  async *#attach(question: Question, answerId: string | undefined, after: number | null, signal: AbortSignal) {
    const { clientMessageId, content, conversationId } = question;
    const input = conversationId ? { clientMessageId, content, conversationId } : { clientMessageId, content };
    const operation = answerId
      ? { query: ANSWER, variables: { answerId, after } }
      : { query: CHAT, variables: { input } };
    const results = this.#client.iterate<{ event: AnswerEvent }>(operation);
    const leave = () => void results.return?.();
    signal.addEventListener("abort", leave, { once: true });
    try {
      for await (const { data, errors } of results) {
        if (errors?.length) throw failureOf(errors);
        if (data) yield data.event;
      }
    } catch (error) {
      throw Array.isArray(error) ? failureOf(error) : error;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }
}

function connect(visit: Visit): Client {
  const url = new URL(visit.endpoint);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  let overdue: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url: url.href,
    connectionParams: async () => ({ authorization: `Bearer ${await visit.token()}` }),
    lazyCloseTimeout: 30_000,
    retryAttempts: 0, // `events` reattaches, which repeats less than asking again
    keepAlive: PING_EVERY_MS,
    onNonLazyError: () => {},
    on: {
      // A connection that died without saying so gives no pong.
      ping: (received) => {
        if (!received) overdue = setTimeout(() => client.terminate(), PONG_WITHIN_MS);
      },
      pong: () => clearTimeout(overdue),
      closed: () => clearTimeout(overdue),
    },
  });
  return client;
}

function refusesToken(error: unknown): boolean {
  if (error instanceof Failure) return error.code === "UNAUTHENTICATED";
  return error instanceof CloseEvent && TOKEN_CLOSE_CODES.includes(error.code);
}

/** Waits, longer each time and never in step with other pages; ends early when the network is back. */
function pause(attempt: number, signal: AbortSignal): Promise<void> {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS);
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, longest * (0.5 + Math.random() / 2));
    addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
}
