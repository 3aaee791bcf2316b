import { render } from "preact";
import type { ChatHost, ChatPanel } from "../element";
import style from "./chat.css";
import { Conversation } from "./conversation";
import { Panel } from "./panel";
import { WORDS } from "./words";

/** Below this width the chat fills the screen, and the page behind it rests. */
const PHONE = "(max-width: 480px)";

/** Puts the chat into the element's shadow root, hidden. */
export function mount(host: ChatHost): ChatPanel {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  // Before the workspace's own sheets, which have the last word.
  const [launcher, ...own] = host.root.adoptedStyleSheets;
  host.root.adoptedStyleSheets = [launcher!, sheet, ...own];

  const dialog = document.createElement("dialog");
  dialog.className = "panel";
  dialog.setAttribute("aria-labelledby", "title");
  host.root.prepend(dialog);
  dialog.autofocus = true; // opened as a modal, it takes the cursor itself rather than giving it to its first button

  const phone = matchMedia(PHONE);
  const conversation = new Conversation(host, drawSoon);
  let language = host.element.language;
  let isDrawing = false;

  function draw(): void {
    isDrawing = false;
    dialog.lang = language;
    const close = () => void host.element.close();
    render(<Panel conversation={conversation} settings={host.visit.settings} words={WORDS[language]} onClose={close} />, dialog);
  }

  /** At most one drawing a frame, however fast the words come; a hidden tab has no frames but has timers. */
  function drawSoon(): void {
    if (isDrawing) return;
    isDrawing = true;
    if (document.hidden) setTimeout(draw, 100);
    else requestAnimationFrame(draw);
  }

  function show(): void {
    if (phone.matches) dialog.showModal();
    else dialog.open = true; // `show` would take the cursor from the page
  }

  /** A phone's keyboard covers the page instead of shrinking it: the chat keeps to what is left, unless it is magnified. */
  function fit(): void {
    const { height, offsetTop, scale } = visualViewport!;
    dialog.style.setProperty("--height", scale === 1 ? `${height}px` : null);
    dialog.style.setProperty("--top", scale === 1 ? `${offsetTop}px` : null);
  }

  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    void host.element.close();
  });
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault(); // the back gesture of a phone
    void host.element.close();
  });
  phone.addEventListener("change", () => {
    if (!dialog.open) return;
    dialog.close();
    show();
  });
  visualViewport?.addEventListener("resize", fit);
  visualViewport?.addEventListener("scroll", fit);
  addEventListener("online", drawSoon);
  addEventListener("offline", drawSoon);

  const resumed = conversation.resume();
  draw();
  return {
    show,
    focus: () => dialog.querySelector<HTMLElement>("textarea")?.focus(),
    hide: () => dialog.close(),
    send: (content) => void resumed.then(() => conversation.send(content)),
    speak: (spoken) => {
      language = spoken;
      drawSoon();
    },
  };
}
