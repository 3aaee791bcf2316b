import { useState } from "preact/hooks";
import type { WidgetSettings } from "../visit";
import { Announcer } from "./announcer";
import { Composer } from "./composer";
import type { Conversation } from "./conversation";
import { Icon } from "./icons";
import { Messages } from "./messages";
import type { Words } from "./words";

interface PanelProps {
  conversation: Conversation;
  settings: WidgetSettings;
  words: Words;
  onClose: () => void;
}

/** The whole chat: who answers, what was said, where to write. */
export function Panel({ conversation, settings, words, onClose }: PanelProps) {
  return (
    <>
      <Header settings={settings} words={words} onRestart={() => conversation.restart()} onClose={onClose} />
      <Messages conversation={conversation} settings={settings} words={words} />
      <Announcer message={conversation.messages.at(-1)} words={words} />
      <Connection conversation={conversation} words={words} />
      <Composer conversation={conversation} words={words} />
    </>
  );
}

interface HeaderProps {
  settings: WidgetSettings;
  words: Words;
  onRestart: () => void;
  onClose: () => void;
}

function Header({ settings, words, onRestart, onClose }: HeaderProps) {
  return (
    <div class="header">
      <Avatar {...settings} />
      <h2 id="title" dir="auto">
        {settings.title}
      </h2>
      <button type="button" class="quiet" aria-label={words.restart} title={words.restart} onClick={onRestart}>
        <Icon name="restart" />
      </button>
      <button type="button" class="quiet" aria-label={words.close} title={words.close} onClick={onClose}>
        <Icon name="close" />
      </button>
    </div>
  );
}

/** The assistant's picture; where there is none, or the page's policy does not let it in, the title's first letter. */
function Avatar({ avatarUrl, title }: WidgetSettings) {
  const [isMissing, setMissing] = useState(!avatarUrl);
  if (!isMissing) return <img class="avatar" src={avatarUrl!} alt="" referrerpolicy="no-referrer" onError={() => setMissing(true)} />;
  return (
    <span class="avatar" aria-hidden="true">
      {[...title.trim()][0]?.toUpperCase()}
    </span>
  );
}

/** Says plainly that the connection is away, and that nothing is lost. */
function Connection({ conversation, words }: { conversation: Conversation; words: Words }) {
  const trouble = navigator.onLine ? conversation.link === "reconnecting" && words.reconnecting : words.offline;
  return (
    <div role="status" class="connection">
      {trouble}
    </div>
  );
}
