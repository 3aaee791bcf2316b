import type { Page } from "./requests";
import { displayed, type DisplayedMessage } from "./displayed";

/** The messages that are shown, oldest first: as much of the conversation's end as was asked for. */
export class Transcript {
  #messages: readonly DisplayedMessage[] = [];
  #earlier: string | undefined;

  constructor(private readonly onChange: () => void) {}

  get messages(): readonly DisplayedMessage[] {
    return this.#messages;
  }

  get last(): DisplayedMessage | undefined {
    return this.#messages.at(-1);
  }

  /** What the last answer is to, or will be. */
  get question(): DisplayedMessage | undefined {
    return this.#messages.findLast(({ role }) => role === "user");
  }

  /** The cursor of the messages before those that are shown, if there are any. */
  get earlier(): string | undefined {
    return this.#earlier;
  }

  /** Shows the latest messages, under those before them that are shown already. */
  showLatest({ messages, earlier }: Page): void {
    const before = this.#messages.findIndex(({ id }) => id && id === messages[0]?.id);
    if (before <= 0) this.#earlier = earlier;
    this.#replace([...this.#messages.slice(0, Math.max(before, 0)), ...messages.map(displayed)]);
  }

  showEarlier({ messages, earlier }: Page): void {
    this.#earlier = earlier;
    this.#replace([...messages.map(displayed), ...this.#messages]);
  }

  add(message: DisplayedMessage): DisplayedMessage {
    this.#replace([...this.#messages, message]);
    return message;
  }

  /** Takes away the last messages. */
  drop(count: number): void {
    this.#replace(this.#messages.slice(0, -count));
  }

  clear(): void {
    this.#earlier = undefined;
    this.#replace([]);
  }

  change(key: string, changes: Partial<DisplayedMessage>): void {
    this.#replace(this.#messages.map((message) => (message.key === key ? { ...message, ...changes } : message)));
  }

  /** Appends a piece to an answer that is being written. */
  write(key: string, text: string): void {
    const message = this.#messages.find((message) => message.key === key)!;
    this.change(key, { state: "writing", content: message.content + text });
  }

  #replace(messages: readonly DisplayedMessage[]): void {
    this.#messages = messages;
    this.onChange();
  }
}
