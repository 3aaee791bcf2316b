import type { ChatHost } from "../element";
import type { Failure } from "../graphql";
import type { Pending } from "../memory";
import { AnswerSocket, type AnswerEvent, type Subject } from "./answers";
import { randomUUID } from "./identifier";
import { untilReached, type Link } from "./retry";
import { rateMessage, regenerateAnswer, sendMessage, stopAnswer, storedMessages, type Page, type Rating } from "./requests";
import { blank, troubleOf, unanswered, type DisplayedMessage, type Trouble } from "./displayed";
import { Transcript } from "./transcript";
import { Unsent } from "./unsent";

/** One visitor's conversation: what is said, what is on its way, and what survives a reload. */
export class Conversation {
  readonly #transcript: Transcript;
  readonly #unsent: Unsent;
  readonly #socket: AnswerSocket;
  #refusal: Trouble | undefined;
  #link: Link = "online";
  #isLoading = false;
  #isLoadingEarlier = false;
  #isStopping = false;
  /** The answer that is on its way, once the server named it. */
  #answerId: string | undefined;
  #leaving = new AbortController();

  constructor(
    private readonly host: ChatHost,
    private readonly onChange: () => void,
  ) {
    this.#transcript = new Transcript(onChange);
    this.#unsent = new Unsent(host.memory);
    this.#socket = new AnswerSocket(host.visit, this.#setLink);
    host.memory.onChangeElsewhere("conversation", () => void this.#followOtherTab());
    host.memory.onChangeElsewhere("rating", () => this.#seeRating());
  }

  get messages(): readonly DisplayedMessage[] {
    return this.#transcript.messages;
  }

  /** Whether the conversation began before what is shown of it. */
  get hasEarlier(): boolean {
    return this.#transcript.earlier !== undefined;
  }

  get isLoadingEarlier(): boolean {
    return this.#isLoadingEarlier;
  }

  /** Why the server would not take the last question, which is back in the draft, or show what was said. */
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
    const state = this.#transcript.last?.state;
    return state === "waiting" || state === "writing";
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  get draft(): string {
    return this.#unsent.draft;
  }

  set draft(text: string) {
    this.#unsent.draft = text;
    this.onChange();
  }

  /** Shows what was said before, and goes on with an answer that leaving the page cut. */
  async resume(): Promise<void> {
    const leaving = this.#leave();
    this.#isLoading = true;
    this.onChange();
    try {
      await this.#settle(leaving);
      const page = await this.#latest();
      if (leaving.aborted) return;
      this.#transcript.showLatest(page);
      const answerId = unanswered(page.messages);
      if (answerId) void this.#follow({ answerId });
    } catch (error) {
      if (leaving.aborted) return;
      this.#refusal = troubleOf(error as Failure);
      this.#tellError(error as Failure);
    } finally {
      if (!leaving.aborted) this.#isLoading = false;
      this.onChange();
    }
  }

  /** Shows what was said before the first message that is shown. */
  async loadEarlier(): Promise<void> {
    const conversation = this.host.memory.get("conversation");
    const { earlier } = this.#transcript;
    if (!conversation || !earlier || this.#isLoadingEarlier) return;
    const leaving = this.#leaving.signal;
    this.#isLoadingEarlier = true;
    this.onChange();
    try {
      const page = await this.#patiently(() => storedMessages(this.host.visit, conversation.id, earlier));
      if (!leaving.aborted) this.#transcript.showEarlier(page);
    } catch (error) {
      if (!leaving.aborted) this.#tellError(error as Failure);
    } finally {
      this.#isLoadingEarlier = false;
      this.onChange();
    }
  }

  /** Asks what the draft says. */
  sendDraft(): void {
    const content = this.draft;
    if (this.isBusy || this.#isLoading || !content.trim()) return;
    this.draft = "";
    this.send(content);
  }

  /** Asks a question; while an answer is being written, it waits in the draft. */
  send(content: string): void {
    const question = { clientMessageId: randomUUID(), content: content.trim() };
    if (!question.content) return;
    if (this.isBusy || this.#isLoading) return this.#giveBack(question);
    this.host.element.tell("question", { content: question.content });
    this.#ask(question);
  }

  /** Tries again to get the answer that failed. */
  retry(): void {
    const { last, question } = this.#transcript;
    if (last?.state !== "failed" || !question) return;
    if (question.id) return void this.regenerate(question.id);
    // Failed before it was searched: the same message sent again is the same message.
    this.#transcript.drop(2);
    this.#ask({ clientMessageId: question.key, content: question.content });
  }

  /** Asks for another answer to the last question. An answer that is there stays; a failure goes. */
  async regenerate(messageId: string): Promise<void> {
    if (this.isBusy) return;
    if (this.#transcript.last?.state === "failed") this.#transcript.drop(1);
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

  /** Leaves this conversation for a new one. The server keeps it; a question that it may not have is written again. */
  restart(): void {
    this.#leave();
    const asked = this.#unsent.questions.find(({ clientMessageId }) => clientMessageId === this.#transcript.question?.key);
    if (asked) this.#giveBack(asked);
    this.host.memory.set("conversation", undefined);
    this.#transcript.clear();
  }

  async rate({ key, id, feedback }: DisplayedMessage, rating: Rating): Promise<void> {
    if (!id) return;
    this.#transcript.change(key, { feedback: rating.feedback });
    try {
      await rateMessage(this.host.visit, id, rating);
      this.host.memory.set("rating", { messageId: id, feedback: rating.feedback });
    } catch (error) {
      this.#transcript.change(key, { feedback });
      this.#tellError(error as Failure);
    }
  }

  /** Makes sure that the server has the questions which were on their way when the page was left. */
  async #settle(leaving: AbortSignal): Promise<void> {
    for (const question of this.#unsent.questions) {
      try {
        const sent = await this.#patiently(() => sendMessage(this.host.visit, { ...question, ...this.#place() }));
        if (leaving.aborted) return;
        this.#unsent.settle(question.clientMessageId);
        this.host.memory.set("conversation", { id: sent.conversation.id, answerId: sent.answerId });
        if (this.#unsent.questions.length === 0) return;
        for await (const _ of this.#socket.events({ answerId: sent.answerId }, leaving)); // one is answered after the other
      } catch (error) {
        if (!leaving.aborted) this.#refuse(error as Failure, question);
      }
    }
  }

  async #latest(): Promise<Page> {
    const conversation = this.host.memory.get("conversation");
    if (!conversation) return { messages: [], earlier: undefined };
    try {
      return await this.#patiently(() => storedMessages(this.host.visit, conversation.id));
    } catch (error) {
      if ((error as Failure).code === "NOT_FOUND") this.host.memory.set("conversation", undefined);
      throw error;
    }
  }

  #patiently<Result>(ask: () => Promise<Result>): Promise<Result> {
    return untilReached(ask, this.#setLink, this.#leaving.signal);
  }

  #ask(question: Pending): void {
    this.#refusal = undefined;
    this.#unsent.add(question);
    this.#transcript.add({ ...blank("user", "complete"), key: question.clientMessageId, content: question.content });
    void this.#follow({ question: { ...question, ...this.#place() } });
  }

  /** Where a question goes: the conversation that is shown, or a new one. */
  #place(): { conversationId?: string } {
    const conversation = this.host.memory.get("conversation");
    return conversation ? { conversationId: conversation.id } : {};
  }

  /** Shows that an answer is due. */
  #await(): DisplayedMessage {
    this.#isStopping = false;
    return this.#transcript.add(blank("assistant", "waiting"));
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
        this.#transcript.drop(2);
        this.#refuse(error as Failure, subject.question);
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
        this.#accepted(event.conversation.id, event.answerId, event.message.id);
        this.#transcript.change(key, { sources: event.sources });
        break;
      case "AnswerDelta":
        this.#transcript.write(key, event.text);
        break;
      case "AnswerFinished": {
        const { id, content, sources, finishReason, canDiffer, conversation } = event.message;
        this.#accepted(conversation.id, event.answerId);
        this.#end();
        this.#transcript.change(key, { id, content, sources, finishReason, canDiffer, state: "complete" });
        this.host.element.tell("answer", { content });
        break;
      }
      case "AnswerFailed":
        return this.#fail(key, event);
    }
    if (isNew && this.#isStopping) void this.stop();
  }

  /** The server has the question: from now on, what there is to know of it is there. */
  #accepted(id: string, answerId: string, messageId?: string): void {
    const known = this.host.memory.get("conversation");
    if (known?.id !== id || known.answerId !== answerId) this.host.memory.set("conversation", { id, answerId });
    const { question } = this.#transcript;
    if (!question) return;
    this.#unsent.settle(question.key);
    if (messageId) this.#transcript.change(question.key, { id: messageId });
  }

  #fail(key: string, { code, text, retryable }: Trouble): void {
    this.#end();
    this.#transcript.change(key, { state: "failed", failure: { code, text, retryable } });
    this.#tellError({ code, message: text });
  }

  /** The server would not take the question: it goes back to the draft, and the reason is shown. */
  #refuse(failure: Failure, question: Pending): void {
    this.#end();
    if (failure.code === "NOT_FOUND") this.host.memory.set("conversation", undefined);
    this.#refusal = troubleOf(failure);
    this.#giveBack(question);
    this.#tellError(failure);
  }

  #giveBack(question: Pending): void {
    this.#unsent.giveBack(question);
    this.onChange();
  }

  /** Another tab asked or began anew: this one shows the same. */
  async #followOtherTab(): Promise<void> {
    const conversation = this.host.memory.get("conversation");
    if (!conversation) this.#transcript.clear();
    if (!conversation || conversation.answerId !== this.#answerId) await this.resume();
  }

  /** An answer was rated in another tab. */
  #seeRating(): void {
    const rating = this.host.memory.get("rating");
    const rated = this.messages.find(({ id }) => id && id === rating?.messageId);
    if (rating && rated) this.#transcript.change(rated.key, { feedback: rating.feedback });
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

  readonly #setLink = (link: Link): void => {
    if (link === this.#link) return;
    this.#link = link;
    this.onChange();
  };

  #tellError({ code, message }: { code: string; message: string }): void {
    this.host.element.tell("error", { code, message });
  }
}
