import { createClient, type Client } from "graphql-ws";
import { Failure, failureOf, UNKNOWN_OPERATION } from "../graphql";
import type { Visit } from "../visit";
import { ANSWER, CHAT } from "./operations";
import { pause, type Link } from "./retry";

/** A passage that an answer rests on. */
export interface Source {
  /** How the answer cites it. */
  number: number;
  documentName: string;
  excerpt: string;
  location: string | null;
  /** The passage's page on the web. */
  url: string | null;
}

/** Events of one answer, numbered by the server. */
export type AnswerEvent = { answerId: string; sequence: number } & (
  | { __typename: "AnswerStarted"; conversation: { id: string }; message: { id: string }; sources: Source[] }
  | { __typename: "AnswerDelta"; text: string }
  | { __typename: "AnswerFinished"; message: StoredMessage & { conversation: { id: string } } }
  | { __typename: "AnswerFailed"; code: string; text: string; retryable: boolean }
);

/** A message as the server keeps it. */
export interface StoredMessage {
  id: string;
  role: "USER" | "ASSISTANT";
  content: string;
  /** The answer of a question, which may be under way. */
  answerId: string | null;
  sources: Source[];
  feedback: number | null;
  finishReason: string | null;
  canDiffer: boolean;
}

export interface Question {
  clientMessageId: string;
  content: string;
  conversationId?: string;
}

/** What to follow: the answer to a question that is asked by it, or one that the server has begun. */
export type Subject = { question: Question } | { answerId: string };

const PING_EVERY_MS = 12_000;
const PONG_WITHIN_MS = 6_000;
/** Close codes by which the server says that the token is missing, over or refused. */
const TOKEN_CLOSE_CODES = [4401, 4403];

/**
 * Answers over one websocket that may be lost at any moment. A question is asked by `chat`, whose `clientMessageId`
 * makes a repetition harmless; from its first event on, the answer is attached to again by `answer(after:)`.
 */
export class AnswerSocket {
  readonly #client: Client;
  /** Whether operations are sent as texts, because the server does not know their hashes. */
  #isWrittenOut = false;

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
  async *events(subject: Subject, signal: AbortSignal): AsyncGenerator<AnswerEvent> {
    let sequence = 0;
    let isRenewed = false;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await this.visit.token(); // refused, it says why; refused inside the socket, it would look like a lost connection
        for await (const event of this.#attach(subject, sequence, signal)) {
          attempt = 0;
          isRenewed = false;
          this.onLink("online");
          if (event.sequence <= sequence) continue;
          ({ sequence } = event);
          subject = { answerId: event.answerId };
          yield event;
          if (event.__typename === "AnswerFinished" || event.__typename === "AnswerFailed") return;
        }
      } catch (error) {
        const failure = failureFrom(error);
        if (failure.code === "UNAUTHENTICATED" && !isRenewed) {
          isRenewed = true;
          await this.visit.renew().catch(() => {}); // out of reach: the next round waits and asks again
          this.#client.terminate(); // the socket speaks for the old token
        } else if (failure.code === UNKNOWN_OPERATION && !this.#isWrittenOut) {
          this.#isWrittenOut = true;
          continue;
        } else if (failure.code !== "NETWORK") {
          throw failure;
        }
      }
      if (signal.aborted) return;
      if (attempt > 0) this.onLink("reconnecting"); // what heals at once is not worth a word
      await pause(attempt, signal);
    }
  }

  async *#attach(subject: Subject, after: number, signal: AbortSignal): AsyncGenerator<AnswerEvent> {
    const [query, variables] =
      "answerId" in subject
        ? [ANSWER, { answerId: subject.answerId, after }]
        : [CHAT, { input: subject.question }];
    const results = this.#client.iterate<{ event: AnswerEvent }>({
      query: this.#isWrittenOut ? query : "", // the client wants a text, the server takes an empty one for none
      variables,
      extensions: this.visit.named(query),
    });
    const leave = () => void results.return?.();
    signal.addEventListener("abort", leave, { once: true });
    try {
      for await (const { data, errors } of results) {
        if (errors?.length) throw failureOf(errors);
        if (data) yield data.event;
      }
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

/** What an error of the socket means: GraphQL errors of the operation, a close code, or a connection that is lost. */
function failureFrom(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (Array.isArray(error)) return failureOf(error);
  if (error instanceof CloseEvent && TOKEN_CLOSE_CODES.includes(error.code)) {
    return new Failure("UNAUTHENTICATED", error.reason);
  }
  return new Failure("NETWORK", String(error));
}
