/**
 * The one script a site adds:
 * `<script src="https://HOST/widget.js" data-key="…" async></script>`,
 * with `data-lang` (`en`, `fr`) and `data-theme` (`light`, `dark`) where the page's own should not decide.
 */
import { MonitoraChat } from "./element";

const script =
  (document.currentScript as HTMLScriptElement | null) ??
  document.querySelector<HTMLScriptElement>("script[data-key][src*='widget.js']");
const apiKey = script?.dataset["key"];
/** The chat of a script that ran before: a page shows one, and a router may run the script again with each page. */
const known = customElements.get("monitora-chat") as typeof MonitoraChat | undefined;

if (!script || !apiKey) {
  console.warn("Monitora: the script needs a data-key attribute, the workspace's publishable key.");
} else if (!known) {
  customElements.define("monitora-chat", MonitoraChat);
  MonitoraChat.apiKey = apiKey;
  const chat = new MonitoraChat({ base: new URL(".", script.src), apiKey });
  for (const name of ["lang", "theme"]) {
    const value = script.dataset[name];
    if (value) chat.dataset[name] = value;
  }
  chat.place();
} else if (known.apiKey !== apiKey) {
  console.warn(
    `Monitora: the key ${apiKey} is not used: this page has a chat already, of the key ${known.apiKey}. ` +
      "A page shows one chat: keep one of the two script tags.",
  );
}
