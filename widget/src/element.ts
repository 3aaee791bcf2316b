import { accent } from "./colour";
import { Failure } from "./graphql";
import launcherStyle from "./launcher.css";
import { Memory } from "./memory";
import { ownSheet, sheet } from "./sheets";
import { Visit, type WidgetSettings } from "./visit";

/** Where the server is and whose chat this is. */
export interface Placement {
  /** The folder that `widget.js` was served from. */
  base: URL;
  apiKey: string;
}

/** What the launcher hands to the part that is loaded when the chat opens. */
export interface ChatHost {
  element: MonitoraChat;
  root: ShadowRoot;
  visit: Visit;
  memory: Memory;
}

/** What that part gives back. */
export interface ChatPanel {
  show(): void;
  /** Puts the cursor where a question is written. */
  focus(): void;
  hide(): void;
  /** Is as it was, after the element left the page and came back. */
  returned(): void;
  send(content: string): void;
  speak(language: Language): void;
}

export type Language = "en" | "fr";

/** What a page can listen to with `on`, and what each listener is given. */
export interface ChatEvents {
  ready: Record<string, never>;
  open: Record<string, never>;
  close: Record<string, never>;
  question: { content: string };
  answer: { content: string };
  error: { code: string; message: string };
}

const LABELS = {
  en: { open: "Open the chat", close: "Close the chat", unreachable: "The chat could not be loaded. Try again." },
  fr: {
    open: "Ouvrir la discussion",
    close: "Fermer la discussion",
    unreachable: "La discussion n’a pas pu être chargée. Réessayez.",
  },
} as const;

const LONGEST_WAIT_MS = 60_000;

/** A chat that stayed this long in the page was not taken away by whoever took it before. */
const SETTLED_MS = 2_000;
/** How often in a row the chat comes back at once; after that it waits, ever longer. */
const AT_ONCE = 5;

/**
 * `<monitora-chat>`: a button in the corner of a page and, once it is pressed, the chat.
 * Everything lives in its shadow root; a page talks to it by `open`, `close`, `send` and `on`.
 *
 * A router that replaces the body or removes what it does not know takes the element along: it comes back by itself,
 * as it was. The element is in the top layer, so that no transform, filter or stacking of the page reaches it.
 */
export class MonitoraChat extends HTMLElement {
  static readonly observedAttributes = ["data-lang"];
  /** The key of the page's chat. */
  static apiKey: string;

  readonly #root = this.attachShadow({ mode: "open" });
  readonly #button = document.createElement("button");
  readonly #note = document.createElement("p");
  // A page may change its language without being loaded again.
  readonly #pageLanguage = new MutationObserver(() => this.attributeChangedCallback());
  readonly #placement!: Placement;
  readonly #memory!: Memory;
  readonly #ready: Promise<ChatHost> | undefined;
  #settings: WidgetSettings | undefined;
  #panel: Promise<ChatPanel> | undefined;
  #isOpen = false;
  /** What has the cursor; kept when the element leaves the page with it. */
  #focused: HTMLElement | undefined;
  #placedAt = 0;
  #returns = 0;

  /** Without a placement it is a copy that a router made of the page's chat: such a copy takes itself away. */
  constructor(placement?: Placement) {
    super();
    if (!placement) return;
    this.#placement = placement;
    this.#memory = new Memory(placement.apiKey);
    this.#root.adoptedStyleSheets = [sheet(launcherStyle)];
    this.#root.addEventListener("focusin", ({ target }) => (this.#focused = target as HTMLElement));
    this.#root.addEventListener("focusout", () =>
      queueMicrotask(() => {
        if (this.isConnected) this.#focused = this.#root.activeElement as HTMLElement | undefined;
      }),
    );
    this.#ready = this.#start();
  }

  /** Puts the chat into the page as soon as there is a body. */
  place(): void {
    if (this.isConnected) return;
    if (document.body) document.body.append(this);
    else requestAnimationFrame(() => this.place());
  }

  connectedCallback(): void {
    if (!this.#ready) return queueMicrotask(() => this.remove());
    if (!this.isConnected) return;
    this.#placedAt = performance.now();
    this.#pageLanguage.disconnect();
    this.#pageLanguage.observe(document.documentElement, { attributeFilter: ["lang"] });
    this.popover = "manual";
    this.showPopover?.();
    this.#unzoom();
    void this.#return();
  }

  disconnectedCallback(): void {
    if (!this.#ready) return;
    const isSettled = performance.now() - this.#placedAt > SETTLED_MS;
    this.#returns = isSettled ? 0 : this.#returns + 1;
    // Whoever takes the chat away whenever it comes is not fought with all the time there is.
    if (this.#returns < AT_ONCE) queueMicrotask(() => this.place());
    else setTimeout(() => this.place(), Math.min(100 * 2 ** (this.#returns - AT_ONCE), LONGEST_WAIT_MS));
  }

  /** `en` or `fr`: what the script tag says, or the workspace's settings, or the page's language, or the browser's. */
  get language(): Language {
    const wanted = [this.dataset["lang"], this.#settings?.locale, document.documentElement.lang, navigator.language];
    return wanted.find(Boolean)?.toLowerCase().startsWith("fr") ? "fr" : "en";
  }

  async open(): Promise<void> {
    await this.#show();
    (await this.#loadPanel()).focus();
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#setOpen(false);
    (await this.#loadPanel()).hide();
    this.#button.focus();
    this.tell("close", {});
  }

  /** Opens the chat and asks a question in the visitor's name. */
  async send(content: string): Promise<void> {
    await this.open();
    (await this.#loadPanel()).send(content);
  }

  /** Listens to one kind of event; the function it returns stops listening. */
  on<Name extends keyof ChatEvents>(name: Name, listener: (detail: ChatEvents[Name]) => void): () => void {
    const heard = (event: Event) => listener((event as CustomEvent<ChatEvents[Name]>).detail);
    this.addEventListener(`monitora:${name}`, heard);
    return () => this.removeEventListener(`monitora:${name}`, heard);
  }

  /** Tells the page that something happened. */
  tell<Name extends keyof ChatEvents>(name: Name, detail: ChatEvents[Name]): void {
    this.dispatchEvent(new CustomEvent(`monitora:${name}`, { detail }));
  }

  attributeChangedCallback(): void {
    if (!this.#settings) return;
    this.#label();
    void this.#panel?.then((panel) => panel.speak(this.language));
  }

  async #show(): Promise<void> {
    const panel = await this.#loadPanel();
    if (this.#isOpen) return;
    this.#setOpen(true);
    panel.show();
    this.tell("open", {});
  }

  /** Takes the page's own `zoom` back: style sheets can only multiply it. */
  #unzoom(): void {
    this.style.setProperty("--unzoom", String(1 / (this.parentElement?.currentCSSZoom ?? 1)));
  }

  #setOpen(isOpen: boolean): void {
    this.#unzoom();
    this.#isOpen = isOpen;
    this.#memory.isOpen = isOpen;
    this.#label();
  }

  async #return(): Promise<void> {
    const focused = this.#focused;
    if (this.#panel) (await this.#panel).returned();
    if (document.activeElement === document.body) focused?.focus({ preventScroll: true });
  }

  async #start(): Promise<ChatHost> {
    const memory = this.#memory;
    const visit = await startVisit(new URL("graphql", this.#placement.base), this.#placement.apiKey, memory);
    this.#settings = visit.settings;
    this.#draw(visit.settings);
    this.tell("ready", {});
    if (memory.isOpen) void this.#show().catch(() => {}); // without taking the cursor from the page
    return { element: this, root: this.#root, visit, memory };
  }

  #draw(settings: WidgetSettings): void {
    const colours = accent(settings.accentColor);
    const look = `:host { --accent: ${colours.fill} !important; --on-accent: ${colours.onFill} !important;
      --accent-text: light-dark(${colours.onLight}, ${colours.onDark}) !important; }`;
    this.#root.adoptedStyleSheets.push(sheet(look), ownSheet(settings.customCss ?? ""));
    this.setAttribute("data-side", settings.position === "bottom-left" ? "left" : "right");
    this.#button.className = "launcher";
    this.#button.type = "button";
    this.#button.append(icon("chat", "M4 5.5A2.5 2.5 0 0 1 6.5 3h11A2.5 2.5 0 0 1 20 5.5v8a2.5 2.5 0 0 1-2.5 2.5H11l-4.6 4.1c-.5.5-1.4.1-1.4-.6V16A2.5 2.5 0 0 1 4 13.5z"));
    this.#button.append(icon("chevron", "m6 9.5 6 6 6-6"));
    this.#button.addEventListener("click", () => void (this.#isOpen ? this.close() : this.open()).catch(() => {}));
    this.#note.className = "note";
    this.#note.setAttribute("role", "status");
    this.#label();
    this.#root.append(this.#note, this.#button);
  }

  #label(): void {
    const labels = LABELS[this.language];
    this.#button.setAttribute("aria-label", this.#isOpen ? labels.close : labels.open);
    this.#button.setAttribute("aria-expanded", String(this.#isOpen));
    this.toggleAttribute("data-open", this.#isOpen);
  }

  #loadPanel(): Promise<ChatPanel> {
    this.#panel ??= this.#ready!
      .then(async (host) => {
        this.#button.setAttribute("aria-busy", "true");
        this.#note.textContent = "";
        const chat: typeof import("./chat/chat") = await import(new URL(`widget/${CHAT_FILE}`, this.#placement.base).href);
        return chat.mount(host);
      })
      .catch((error: unknown) => {
        this.#panel = undefined; // the next press tries again
        this.#note.textContent = LABELS[this.language].unreachable;
        this.tell("error", { code: "NETWORK", message: String(error) });
        throw error;
      })
      .finally(() => this.#button.removeAttribute("aria-busy"));
    return this.#panel;
  }
}

function icon(name: string, path: string): SVGElement {
  const namespace = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(namespace, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("class", name);
  drawing.setAttribute("aria-hidden", "true");
  drawing.append(document.createElementNS(namespace, "path"));
  drawing.firstElementChild!.setAttribute("d", path);
  return drawing;
}

/** Starts the visit; out of reach, tries again, ever less often; refused, says why and gives up. */
async function startVisit(endpoint: URL, apiKey: string, memory: Memory): Promise<Visit> {
  for (let wait = 2_000; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      return await Visit.start(endpoint, apiKey, memory);
    } catch (error) {
      const { code, message } = error as Failure;
      console.warn(`Monitora: the chat is not shown on this page (${code}): ${message}`);
      if (code !== "NETWORK") return new Promise(() => {});
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}
