/** What one visitor's browser keeps between pages, under this key's own names. No cookie. */
export interface Remembered {
  visitorToken: string;
  /** The conversation that is shown, and its latest answer: other tabs follow it when it changes. */
  conversation: { id: string; answerId: string };
  /** What was typed and not sent. */
  draft: string;
  /** Questions, of any tab, that the server may not have. */
  pending: Pending[];
  /** The latest rating: other tabs show it. */
  rating: { messageId: string; feedback: number | null };
}

/** A question that is on its way. */
export interface Pending {
  clientMessageId: string;
  content: string;
}

/**
 * Local storage that may be missing, full or forbidden (private windows, blocked third-party data):
 * the chat then works on, and forgets when the page is left.
 */
export class Memory {
  readonly #prefix: string;
  readonly #here = new Map<string, string>();

  constructor(apiKey: string) {
    this.#prefix = `monitora:${apiKey}:`;
  }

  get<Name extends keyof Remembered>(name: Name): Remembered[Name] | undefined {
    try {
      const text = localStorage.getItem(this.#prefix + name) ?? this.#here.get(name);
      return text === undefined ? undefined : JSON.parse(text);
    } catch {
      const text = this.#here.get(name);
      return text === undefined ? undefined : JSON.parse(text);
    }
  }

  set<Name extends keyof Remembered>(name: Name, value: Remembered[Name] | undefined): void {
    if (value === undefined) this.#here.delete(name);
    else this.#here.set(name, JSON.stringify(value));
    try {
      if (value === undefined) localStorage.removeItem(this.#prefix + name);
      else localStorage.setItem(this.#prefix + name, JSON.stringify(value));
    } catch {
      // The copy in this page is enough until it is left.
    }
  }

  /** Whether the chat is open in this tab: so it stays when the page is loaded again. */
  get isOpen(): boolean {
    try {
      return sessionStorage.getItem(`${this.#prefix}open`) !== null;
    } catch {
      return false;
    }
  }

  set isOpen(isOpen: boolean) {
    try {
      if (isOpen) sessionStorage.setItem(`${this.#prefix}open`, "");
      else sessionStorage.removeItem(`${this.#prefix}open`);
    } catch {
      // It then opens when it is asked to.
    }
  }

  /** Calls back when another tab of the same site changes what is kept under a name. */
  onChangeElsewhere(name: keyof Remembered, callback: () => void): void {
    addEventListener("storage", (event) => {
      if (event.key !== this.#prefix + name) return;
      this.#here.delete(name);
      callback();
    });
  }
}
