import { render } from "preact";
import type { ChatHost, ChatPanel } from "../element";
import { sheet } from "../sheets";
import style from "./chat.css";
import { Conversation } from "./conversation";
import { resumePlace } from "./place";
import { Panel } from "./panel";
import { WORDS } from "./words";

/** In a window as small, of a phone or magnified, the chat fills it, and the page behind rests. As in `chat.css`. */
const SMALL = "(max-width: 480px), (max-width: 960px) and (max-height: 540px)";
/** Below this height, in pixels, the chat takes the place of its button too. */
const LOW_PX = 640;

/** Puts the chat into the element's shadow root, hidden. */
export function mount(host: ChatHost): ChatPanel {
  // Before the workspace's own sheets, which have the last word.
  const [launcher, ...own] = host.root.adoptedStyleSheets;
  host.root.adoptedStyleSheets = [launcher!, sheet(style), ...own];

  const dialog = document.createElement("dialog");
  dialog.className = "panel";
  dialog.setAttribute("aria-labelledby", "title");
  host.root.prepend(dialog);
  dialog.autofocus = true; // opened as a modal, it takes the cursor itself rather than giving it to its first button

  const small = matchMedia(SMALL);
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
    if (small.matches) dialog.showModal();
    else dialog.open = true; // `show` would take the cursor from the page
  }

  function showAgain(): void {
    if (!dialog.open) return;
    const focused = host.root.activeElement as HTMLElement | null;
    dialog.close();
    show();
    focused?.focus({ preventScroll: true });
  }

  /** A keyboard on the screen covers the page instead of shrinking it: the chat keeps to what is left, unless it is magnified. */
  function fit(): void {
    const { height, offsetTop, scale } = visualViewport!;
    const isMagnified = scale !== 1;
    dialog.style.setProperty("--height", isMagnified ? null : `${height}px`);
    dialog.style.setProperty("--top", isMagnified ? null : `${offsetTop}px`);
    host.element.toggleAttribute("data-low", (isMagnified ? innerHeight : height) < LOW_PX);
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
  small.addEventListener("change", showAgain);
  visualViewport!.addEventListener("resize", fit);
  visualViewport!.addEventListener("scroll", fit);
  fit();
  addEventListener("online", drawSoon);
  addEventListener("offline", drawSoon);

  const resumed = conversation.resume();
  draw();
  return {
    show,
    focus: () => dialog.querySelector<HTMLElement>("textarea")?.focus(),
    hide: () => dialog.close(),
    returned: () => {
      showAgain(); // what leaves the page is no modal any more
      resumePlace(dialog);
    },
    send: (content) => void resumed.then(() => conversation.send(content)),
    speak: (spoken) => {
      language = spoken;
      drawSoon();
    },
  };
}
