import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { WidgetSettings } from "../visit";
import { Announcer } from "./announcer";
import { Composer } from "./composer";
import type { Conversation } from "./conversation";
import { Icon } from "./icons";
import { Message, TroubleNote } from "./message";
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
      {settings.avatarUrl ? (
        <img class="avatar" src={settings.avatarUrl} alt="" referrerpolicy="no-referrer" />
      ) : (
        <span class="avatar" aria-hidden="true">
          {[...settings.title.trim()][0]?.toUpperCase()}
        </span>
      )}
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

/** How far from the end, in pixels, still counts as reading the end. */
const NEAR_END_PX = 60;

function Messages({ conversation, settings, words }: Omit<PanelProps, "onClose">) {
  const { messages } = conversation;
  const scroller = useRef<HTMLDivElement>(null);
  const followsEnd = useRef(true);
  const [isAway, setAway] = useState(false);

  const toEnd = () => {
    const { current } = scroller;
    if (current) current.scrollTop = current.scrollHeight;
  };
  const onScroll = () => {
    const { scrollHeight, scrollTop, clientHeight } = scroller.current!;
    followsEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    setAway(!followsEnd.current);
  };
  useLayoutEffect(() => {
    followsEnd.current = true; // one's own question is always brought into view
  }, [messages.length]);
  useLayoutEffect(() => {
    if (followsEnd.current) toEnd();
  });
  useEffect(() => {
    // A question of several lines, or a word on the connection, takes room from the end that is being read.
    const resized = new ResizeObserver(() => followsEnd.current && toEnd());
    resized.observe(scroller.current!);
    return () => resized.disconnect();
  }, []);

  return (
    <div class="messages">
      <div class="scroller" ref={scroller} onScroll={onScroll} tabIndex={0} role="region" aria-label={words.conversation}>
        <div class="greeting" dir="auto">
          {settings.welcome || words.welcome}
        </div>
        {conversation.isLoading && messages.length === 0 && <p class="quietly">{words.loading}</p>}
        {messages.length === 0 && !conversation.isLoading && (
          <Suggestions questions={settings.suggestedQuestions} words={words} onAsk={(question) => conversation.send(question)} />
        )}
        {messages.map((message, index) => (
          <Message
            key={message.key}
            message={message}
            isLast={index === messages.length - 1}
            conversation={conversation}
            words={words}
          />
        ))}
        {conversation.refusal && <TroubleNote trouble={conversation.refusal} words={words} />}
      </div>
      {isAway && (
        <button type="button" class="latest" aria-label={words.latest} onClick={toEnd}>
          <Icon name="down" />
        </button>
      )}
    </div>
  );
}

function Suggestions({ questions, words, onAsk }: { questions: string[]; words: Words; onAsk: (question: string) => void }) {
  if (questions.length === 0) return null;
  return (
    <ul class="suggestions" aria-label={words.suggestions}>
      {questions.map((question) => (
        <li key={question}>
          <button type="button" dir="auto" onClick={() => onAsk(question)}>
            {question}
          </button>
        </li>
      ))}
    </ul>
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
