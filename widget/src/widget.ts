/**
 * The one script a site adds:
 * `<script src="https://HOST/widget.js" data-key="…" async></script>`,
 * with `data-lang` (`en`, `fr`) and `data-theme` (`light`, `dark`) where the page's own should not decide.
 */
import { MonitoraChat } from "./element";

const script =
  (document.currentScript as HTMLScriptElement | null) ??
  document.querySelector<HTMLScriptElement>("script[data-key][src*='widget.js']");

if (!script?.dataset["key"]) {
  console.warn("Monitora: the script needs a data-key attribute, the workspace's publishable key.");
} else if (!customElements.get("monitora-chat")) {
  customElements.define("monitora-chat", MonitoraChat);
  const chat = new MonitoraChat({ base: new URL(".", script.src), apiKey: script.dataset["key"] });
  for (const name of ["lang", "theme"]) {
    const value = script.dataset[name];
    if (value) chat.dataset[name] = value;
  }
  if (document.body) document.body.append(chat);
  else addEventListener("DOMContentLoaded", () => document.body.append(chat));
}
