// The page's language and theme: `?lang=fr|en` and `?theme=light|dark`, else the browser's own.
const root = document.documentElement;
const chosen = new URLSearchParams(location.search);
const languages = ["en", "fr"];
const themes = ["light", "dark"];

const language = languages.includes(chosen.get("lang")) ? chosen.get("lang") : navigator.language.startsWith("fr") ? "fr" : "en";
root.lang = language;
if (language === "fr") document.title = "Centre de documentation Monitora";
if (themes.includes(chosen.get("theme"))) root.dataset.theme = chosen.get("theme");

const isDark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

function go(name, value) {
  chosen.set(name, value);
  location.search = chosen;
}

addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("[data-choose-lang]")) {
    button.setAttribute("aria-pressed", String(button.dataset.chooseLang === language));
    button.addEventListener("click", () => go("lang", button.dataset.chooseLang));
  }
  document.querySelector("[data-choose-theme]").addEventListener("click", () => go("theme", isDark() ? "light" : "dark"));
  // How a site's own buttons use the chat.
  for (const button of document.querySelectorAll("[data-ask]")) {
    button.addEventListener("click", () => document.querySelector("monitora-chat")?.send(button.dataset.ask));
  }
  // The chat follows the browser's preference by itself; here the page was told otherwise.
  customElements.whenDefined("monitora-chat").then(() => {
    if (root.dataset.theme) document.querySelector("monitora-chat").dataset.theme = root.dataset.theme;
  });
});
