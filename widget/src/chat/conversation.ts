import type { ChatHost } from "../element";
import { Failure } from "../graphql";
import type { Pending } from "../memory";
import { AnswerSocket, type AnswerEvent, type Link, type Source } from "./answers";
import { randomUUID } from "./identifier";

/** A message as it is shown. */
export interface Shown {
  /** Stays the same from the first word to the stored message. */
  key: string;
  /** The server's id, once there is one. */
  id?: string;
  role: "user" | "assistant";
  content: string;
  sources: Source[];
  feedback: number;
  state: "waiting" | "writing" | "complete" | "stopped" | "failed";
  failure?: { code: string; text: string; retryable: boolean };
}

interface StoredMessage {
  id: string;
  role: string;
  content: string;
  feedback: number | null;
  sources: Source[];
}

const HISTORY = `query History($id: ID!) {
  result: conversation(id: $id) {
    messages(last: 50) {
      edges { node { id role content feedback sources { documentName chunkIndex excerpt score location url } } }
    }
  }
}`;
const STOP = `mutation Stop($input: StopAnswerInput!) {
  result: stopAnswer(input: $input) { __typename ... on UserError { code message } }
}`;
const RATE = `mutation Rate($input: RateMessageInput!) {
  result: rateMessage(input: $input) { __typename ... on UserError { code message } }
}`;

/** Codes of refusals that a second try may get past. */
const PASSING_CODES = ["RATE_LIMITED", "INTERNAL", "NETWORK", "UNAUTHENTICATED"];

/** One visitor's conversation: what is said, what is on its way, and what survives a reload. */
export class Conversation {
  #messages: Shown[] = [];
  #link: Link = "online";
  #isLoading = false;
  #leaving = new AbortController();
  #answerId: string | undefined;
  #isStopping = false;
  readonly #socket: AnswerSocket;

  constructor(
    private readonly host: ChatHost,
    private readonly onChange: () => void,
  ) {
    this.#socket = new AnswerSocket(host.visit, (link) => {
      if (link === this.#link) return;
      this.#link = link;
      onChange();
    });
    host.memory.onChangeElsewhere(["conversationId", "pending"], () => void this.#followOtherTab());
  }

  get messages(): readonly Shown[] {
    return this.#messages;
  }

  get link(): Link {
    return this.#link;
  }

  get isLoading(): boolean {
    return this.#isLoading;
  }

  /** Whether an answer is on its way. */
  get isBusy(): boolean {
    const state = this.#messages.at(-1)?.state;
    return state === "waiting" || state === "writing";
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  get draft(): string {
    return this.host.memory.get("draft") ?? "";
  }

  set draft(text: string) {
    this.host.memory.set("draft", text || undefined);
    this.onChange();
  }

  /** Shows what was said before, and goes on with an answer that was cut by leaving the page. */
  async resume(): Promise<void> {
    this.#leave();
    await this.#showHistory();
    const pending = this.host.memory.get("pending");
    if (!pending) return;
    const isAnswered = pending.answerId && this.#messages.at(-1)?.role === "assistant";
    if (isAnswered) {
      this.host.memory.set("pending", undefined);
      return;
    }
    if (this.#messages.at(-1)?.content === pending.content) this.#messages = this.#messages.slice(0, -1);
    await this.#ask(pending);
  }

  /** Asks a question; while an answer is being written, it waits in the draft. */
  async send(content: string): Promise<void> {
    const question = content.trim();
    if (!question) return;
    if (this.isBusy || this.#isLoading) {
      this.draft = question;
      return;
    }
    const pending = { clientMessageId: randomUUID(), content: question };
    this.host.memory.set("pending", pending);
    this.host.memory.set("draft", undefined);
    this.host.element.tell("question", { content: question });
    await this.#ask(pending);
  }

  /** Asks again what was not answered. */
  async retry(): Promise<void> {
    const question = this.#messages.at(-2);
    if (this.#messages.at(-1)?.state !== "failed" || question?.role !== "user") return;
    this.#messages = this.#messages.slice(0, -2);
    await this.send(question.content);
  }

  /** Asks the server to stop writing; what was written stays. */
  async stop(): Promise<void> {
    if (!this.isBusy) return;
    this.#isStopping = true;
    this.onChange();
    if (!this.#answerId) return; // told when the answer starts
    try {
      await this.host.visit.request(STOP, { input: { answerId: this.#answerId } });
    } catch {
      this.#isStopping = false; // out of reach or already over: the stream says which
      this.onChange();
    }
  }

  /** Leaves this conversation for a new one. The server keeps it. */
  restart(): void {
    this.#leave();
    this.host.memory.set("conversationId", undefined);
    this.host.memory.set("pending", undefined);
    this.#messages = [];
    this.onChange();
  }

  /** @param feedback 1, -1, or 0 to take a rating back. */
  async rate(message: Shown, feedback: number, comment?: string): Promise<void> {
    const before = message.feedback;
    this.#change(message.key, { feedback });
    try {
      await this.host.visit.request(RATE, {
        input: comment ? { messageId: message.id, feedback, comment } : { messageId: message.id, feedback },
      });
    } catch (error) {
      this.#change(message.key, { feedback: before });
      this.#tellError(error as Failure);
    }
  }

  async #showHistory(): Promise<void> {
    const id = this.host.memory.get("conversationId");
    if (!id) {
      this.#messages = [];
      this.onChange();
      return;
    }
    this.#isLoading = true;
    this.onChange();
    try {
      const stored = await this.#untilReached(() =>
        this.host.visit.request<{ messages: { edges: { node: StoredMessage }[] } } | null>(HISTORY, { id }),
      );
      if (!stored) this.host.memory.set("conversationId", undefined);
      this.#messages = stored?.messages.edges.map(({ node }) => shown(node)) ?? [];
    } catch (error) {
      this.host.memory.set("conversationId", undefined);
      this.#messages = [];
      this.#tellError(error as Failure);
    } finally {
      this.#isLoading = false;
      this.onChange();
    }
  }

  /** Tries until the network lets a request through. */
  async #untilReached<Result>(attempt: () => Promise<Result>): Promise<Result> {
    for (let wait = 1_000; ; wait = Math.min(wait * 2, 10_000)) {
      try {
        const result = await attempt();
        this.#link = "online";
        return result;
      } catch (error) {
        if (!(error instanceof Failure) || error.code !== "NETWORK") throw error;
        this.#link = "reconnecting";
        this.onChange();
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  async #ask(pending: Pending): Promise<void> {
    const leaving = (this.#leaving = new AbortController());
    const question: Shown = { ...blank("user", "complete"), key: pending.clientMessageId, content: pending.content };
    const answer = blank("assistant", "waiting");
    this.#messages = [...this.#messages, question, answer];
    this.#answerId = pending.answerId;
    this.#isStopping = false;
    this.onChange();
    const conversationId = this.host.memory.get("conversationId");
    try {
      const events = this.#socket.events(conversationId ? { ...pending, conversationId } : pending, leaving.signal);
      for await (const event of events) {
        if (leaving.signal.aborted) return;
        this.#take(event, answer.key, pending);
      }
    } catch (error) {
      if (!leaving.signal.aborted) this.#refuse(error as Failure, answer.key, pending);
    }
  }

  #take(event: AnswerEvent, key: string, pending: Pending): void {
    if (event.answerId !== this.#answerId) {
      this.#answerId = event.answerId;
      this.host.memory.set("pending", { ...pending, answerId: event.answerId });
      if (this.#isStopping) void this.stop();
    }
    switch (event.__typename) {
      case "AnswerStarted":
        this.host.memory.set("conversationId", event.conversation.id);
        return this.#change(key, { sources: event.sources });
      case "AnswerDelta":
        return this.#change(key, { state: "writing", content: this.#find(key).content + event.text });
      case "AnswerFinished": {
        const { id, content, sources } = event.message;
        this.#end();
        this.#change(key, { id, content, sources, state: this.#isStopping ? "stopped" : "complete" });
        this.#isStopping = false;
        return this.host.element.tell("answer", { content });
      }
      case "AnswerFailed": {
        const { code, text, retryable } = event;
        this.#end();
        this.#isStopping = false;
        this.#change(key, { state: "failed", failure: { code, text, retryable } });
        return this.#tellError({ code, message: text });
      }
    }
  }

  /** The server would not take the question: it goes back to the draft, unless it can be sent again as it is. */
  #refuse(failure: Failure, key: string, pending: Pending): void {
    this.#end();
    const retryable = PASSING_CODES.includes(failure.code) || failure.code === "NOT_FOUND";
    if (failure.code === "NOT_FOUND") this.host.memory.set("conversationId", undefined);
    if (!retryable && !this.draft) this.host.memory.set("draft", pending.content);
    this.#isStopping = false;
    this.#change(key, { state: "failed", failure: { code: failure.code, text: failure.message, retryable } });
    this.#tellError(failure);
  }

  /** Another tab asked, answered or began anew: this one shows the same. */
  async #followOtherTab(): Promise<void> {
    const pending = this.host.memory.get("pending");
    const isSame = pending && this.#answerId === pending.answerId;
    if (isSame || (pending && !pending.answerId)) return;
    if (this.isBusy && !pending && this.host.memory.get("conversationId")) return; // its own stream brings the end
    await this.resume();
  }

  #end(): void {
    this.host.memory.set("pending", undefined);
    this.#answerId = undefined;
  }

  #leave(): void {
    this.#leaving.abort();
    this.#answerId = undefined;
    this.#isStopping = false;
  }

  #find(key: string): Shown {
    return this.#messages.find((message) => message.key === key)!;
  }

  #change(key: string, changes: Partial<Shown>): void {
    this.#messages = this.#messages.map((message) => (message.key === key ? { ...message, ...changes } : message));
    this.onChange();
  }

  #tellError({ code, message }: { code: string; message: string }): void {
    this.host.element.tell("error", { code, message });
  }
}

function blank(role: Shown["role"], state: Shown["state"]): Shown {
  return { key: randomUUID(), role, content: "", sources: [], feedback: 0, state };
}

function shown({ id, role, content, feedback, sources }: StoredMessage): Shown {
  const author = role.toLowerCase() === "user" ? "user" : "assistant";
  return { key: id, id, role: author, content, sources, feedback: feedback ?? 0, state: "complete" };
}
