import type { Memory, Pending } from "../memory";

/** What the visitor wrote that the server may not have: a draft, and questions on their way. A reload keeps both. */
export class Unsent {
  #draft: string;

  constructor(private readonly memory: Memory) {
    this.#draft = memory.get("draft") ?? "";
  }

  /** The tab's own: what another tab writes is kept for later, and does not replace it. */
  get draft(): string {
    return this.#draft;
  }

  set draft(text: string) {
    this.#draft = text;
    this.memory.set("draft", text || undefined);
  }

  /** Questions of any tab, oldest first. */
  get questions(): Pending[] {
    return this.memory.get("pending") ?? [];
  }

  add(question: Pending): void {
    this.memory.set("pending", [...this.questions, question]);
  }

  /** The server has a question, or will not have it. */
  settle(clientMessageId: string): void {
    const left = this.questions.filter((question) => question.clientMessageId !== clientMessageId);
    this.memory.set("pending", left.length > 0 ? left : undefined);
  }

  /** A question that is not asked after all goes back to where it was written. */
  giveBack({ clientMessageId, content }: Pending): void {
    this.settle(clientMessageId);
    this.draft = [content, this.draft].filter(Boolean).join("\n");
  }
}
