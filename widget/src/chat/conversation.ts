import type { ChatHost } from "../element";
import { Failure } from "../graphql";
import { AnswerSocket, type AnswerEvent, type Link, type StoredMessage, type Subject } from "./answers";
import { randomUUID } from "./identifier";
import { rateMessage, regenerateAnswer, sendMessage, stopAnswer, storedMessages } from "./operations";
import { blank, shown, troubleOf, unanswered, type Shown, type Trouble } from "./shown";

/** One visitor's conversation: what is said, what is on its way, and what survives a reload. */
export class Conversation {
  #messages: Shown[] = [];
  #refusal: Trouble | undefined;
  #link: Link = "online";
  #isLoading = false;
  #isStopping = false;
  /** The answer that is on its way, once the server named it. */
  #answerId: string | undefined;
  #leaving = new AbortController();
  readonly #socket: AnswerSocket;

  constructor(
    private readonly host: ChatHost,
    private readonly onChange: () => void,
  ) {
    this.#socket = new AnswerSocket(host.visit, (link) => this.#setLink(link));
    host.memory.onChangeElsewhere("conversation", () => void this.#followOtherTab());
  }

  get messages(): readonly Shown[] {
    return this.#messages;
  }

  /** Why the server would not take the last question, which is back in the draft. */
  get refusal(): Trouble | undefined {
    return this.#refusal;
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

  /** Shows what was said before, and goes on with an answer that leaving the page cut. */
  async resume(): Promise<void> {
    const leaving = this.#leave();
    this.#isLoading = true;
    this.onChange();
    try {
      await this.#settle(leaving);
      const stored = await this.#history();
      if (leaving.aborted) return;
      this.#messages = stored.map(shown);
      const answerId = unanswered(stored);
      if (answerId) void this.#follow({ answerId });
    } catch (error) {
      if (!leaving.aborted) this.#tellError(error as Failure);
    } finally {
      if (!leaving.aborted) this.#isLoading = false;
      this.onChange();
    }
  }

  /** Asks what the draft says. */
  sendDraft(): void {
    if (this.isBusy || this.#isLoading || !this.draft.trim()) return;
    const content = this.draft;
    this.host.memory.set("draft", undefined);
    this.send(content);
  }

  /** Asks a question; while an answer is being written, it waits in the draft. */
  send(content: string): void {
    const question = content.trim();
    if (!question) return;
    if (this.isBusy || this.#isLoading) return this.#giveBack(question);
    this.host.element.tell("question", { content: question });
    this.#ask({ clientMessageId: randomUUID(), content: question });
  }

  /** Tries again to get the answer that failed. */
  retry(): void {
    if (this.#messages.at(-1)?.state !== "failed") return;
    const question = this.#messages.findLast(({ role }) => role === "user");
    if (!question) return;
    if (question.id) return void this.regenerate(question.id);
    // Failed before it was searched: the same message sent again is the same message.
    this.#messages = this.#messages.slice(0, -2);
    this.#ask({ clientMessageId: question.key, content: question.content });
  }

  /** Asks for another answer to the last question. An answer that is there stays; a failure goes. */
  async regenerate(messageId: string): Promise<void> {
    if (this.isBusy) return;
    if (this.#messages.at(-1)?.state === "failed") this.#messages = this.#messages.slice(0, -1);
    const answer = this.#await();
    const leaving = this.#leaving.signal;
    try {
      const answerId = await regenerateAnswer(this.host.visit, messageId);
      if (!leaving.aborted) await this.#follow({ answerId }, answer);
    } catch (error) {
      if (!leaving.aborted) this.#fail(answer.key, { ...troubleOf(error as Failure), retryable: true });
    }
  }

  /** Asks the server to stop writing; what was written stays. */
  async stop(): Promise<void> {
    if (!this.isBusy) return;
    this.#isStopping = true;
    this.onChange();
    if (!this.#answerId) return; // told when the answer starts
    try {
      await stopAnswer(this.host.visit, this.#answerId);
    } catch {
      this.#isStopping = false; // out of reach or already over: the stream says which
      this.onChange();
    }
  }

  /** Leaves this conversation for a new one. The server keeps it. */
  restart(): void {
    this.#leave();
    this.host.memory.set("conversation", undefined);
    this.host.memory.set("pending", undefined);
    this.#messages = [];
    this.onChange();
  }

  /** @param rating `feedback` is 1 or -1, or null to take the rating back. */
  async rate(message: Shown, rating: { feedback: number | null; comment?: string }): Promise<void> {
    if (!message.id) return;
    const { feedback } = message;
    this.#change(message.key, { feedback: rating.feedback });
    try {
      await rateMessage(this.host.visit, message.id, rating);
    } catch (error) {
      this.#change(message.key, { feedback });
      this.#tellError(error as Failure);
    }
  }

  /** Makes sure that the server has the question which was on its way when the page was left. */
  async #settle(leaving: AbortSignal): Promise<void> {
    const pending = this.host.memory.get("pending");
    if (!pending) return;
    try {
      const sent = await this.#untilReached(() => sendMessage(this.host.visit, { ...pending, ...this.#place() }));
      if (leaving.aborted) return;
      this.host.memory.set("pending", undefined);
      this.host.memory.set("conversation", { id: sent.conversation.id, answerId: sent.answerId });
    } catch (error) {
      if (!leaving.aborted) this.#refuse(error as Failure, pending.content);
    }
  }

  async #history(): Promise<StoredMessage[]> {
    const conversation = this.host.memory.get("conversation");
    if (!conversation) return [];
    try {
      return await this.#untilReached(() => storedMessages(this.host.visit, conversation.id));
    } catch (error) {
      if ((error as Failure).code === "NOT_FOUND") this.host.memory.set("conversation", undefined);
      throw error;
    }
  }

  /** Asks until the network lets it through. */
  async #untilReached<Result>(ask: () => Promise<Result>): Promise<Result> {
    for (let wait = 1_000; ; wait = Math.min(wait * 2, 10_000)) {
      try {
        const result = await ask();
        this.#setLink("online");
        return result;
      } catch (error) {
        if (!(error instanceof Failure) || error.code !== "NETWORK") throw error;
        this.#setLink("reconnecting");
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  #ask(pending: { clientMessageId: string; content: string }): void {
    this.#refusal = undefined;
    this.host.memory.set("pending", pending);
    const question: Shown = { ...blank("user", "complete"), key: pending.clientMessageId, content: pending.content };
    this.#messages = [...this.#messages, question];
    void this.#follow({ question: { ...pending, ...this.#place() } });
  }

  /** Where a question goes: the conversation that is shown, or a new one. */
  #place(): { conversationId?: string } {
    const conversation = this.host.memory.get("conversation");
    return conversation ? { conversationId: conversation.id } : {};
  }

  /** Shows that an answer is due. */
  #await(): Shown {
    const answer = blank("assistant", "waiting");
    this.#messages = [...this.#messages, answer];
    this.#isStopping = false;
    this.onChange();
    return answer;
  }

  async #follow(subject: Subject, answer = this.#await()): Promise<void> {
    const leaving = this.#leaving.signal;
    try {
      for await (const event of this.#socket.events(subject, leaving)) {
        if (leaving.aborted) return;
        this.#take(event, answer.key);
      }
    } catch (error) {
      if (leaving.aborted) return;
      if ("question" in subject && !this.#answerId) {
        this.#messages = this.#messages.slice(0, -2);
        this.#refuse(error as Failure, subject.question.content);
      } else {
        this.#fail(answer.key, troubleOf(error as Failure));
      }
    }
  }

  #take(event: AnswerEvent, key: string): void {
    const isNew = event.answerId !== this.#answerId;
    this.#answerId = event.answerId;
    switch (event.__typename) {
      case "AnswerStarted":
        this.#accepted(event.message.id, event.conversation.id, event.answerId);
        this.#change(key, { sources: event.sources });
        break;
      case "AnswerDelta":
        this.#change(key, { state: "writing", content: this.#find(key).content + event.text });
        break;
      case "AnswerFinished": {
        const { id, content, sources, finishReason, conversation } = event.message;
        this.#accepted(undefined, conversation.id, event.answerId);
        this.#end();
        this.#change(key, { id, content, sources, finishReason, state: "complete" });
        this.host.element.tell("answer", { content });
        break;
      }
      case "AnswerFailed":
        return this.#fail(key, event);
    }
    if (isNew && this.#isStopping) void this.stop();
  }

  /** The server has the question: from now on, what there is to know of it is there. */
  #accepted(messageId: string | undefined, id: string, answerId: string): void {
    this.host.memory.set("pending", undefined);
    const known = this.host.memory.get("conversation");
    if (known?.id !== id || known.answerId !== answerId) this.host.memory.set("conversation", { id, answerId });
    const question = this.#messages.findLast(({ role }) => role === "user");
    if (messageId && question) this.#change(question.key, { id: messageId });
  }

  #fail(key: string, { code, text, retryable }: Trouble): void {
    this.#end();
    this.#change(key, { state: "failed", failure: { code, text, retryable } });
    this.#tellError({ code, message: text });
  }

  /** The server would not take the question: it goes back to the draft, and the reason is shown. */
  #refuse(failure: Failure, content: string): void {
    this.#end();
    this.host.memory.set("pending", undefined);
    if (failure.code === "NOT_FOUND") this.host.memory.set("conversation", undefined);
    this.#refusal = troubleOf(failure);
    this.#giveBack(content);
    this.#tellError(failure);
  }

  #giveBack(content: string): void {
    this.draft = [content, this.draft].filter(Boolean).join("\n");
  }

  /** Another tab asked or began anew: this one shows the same. */
  async #followOtherTab(): Promise<void> {
    const conversation = this.host.memory.get("conversation");
    if (!conversation || conversation.answerId !== this.#answerId) await this.resume();
  }

  #end(): void {
    this.#answerId = undefined;
    this.#isStopping = false;
  }

  /** Lets go of what is under way. The signal it returns is for what comes next. */
  #leave(): AbortSignal {
    this.#leaving.abort();
    this.#leaving = new AbortController();
    this.#end();
    this.#refusal = undefined;
    this.#isLoading = false;
    this.#link = "online";
    return this.#leaving.signal;
  }

  #setLink(link: Link): void {
    if (link === this.#link) return;
    this.#link = link;
    this.onChange();
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
