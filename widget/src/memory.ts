/** What one visitor's browser keeps between pages, under this key's own names. No cookie. */
export interface Remembered {
  visitorToken: string;
  conversationId: string;
  /** What was typed and not sent. */
  draft: string;
  /** The question whose answer is not complete. */
  pending: Pending;
}

export interface Pending {
  clientMessageId: string;
  content: string;
  answerId?: string;
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

  /** Calls back when another tab of the same site changes one of these names. */
  onChangeElsewhere(names: readonly (keyof Remembered)[], callback: () => void): void {
    const watched = new Set(names.map((name) => this.#prefix + name));
    addEventListener("storage", (event) => {
      if (event.key !== null && watched.has(event.key)) {
        this.#here.delete(event.key.slice(this.#prefix.length));
        callback();
      }
    });
  }
}
