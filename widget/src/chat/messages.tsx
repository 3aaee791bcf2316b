import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { WidgetSettings } from "../visit";
import type { Conversation } from "./conversation";
import { Icon } from "./icons";
import { Message, TroubleNote } from "./message";
import type { DisplayedMessage } from "./displayed";
import type { Words } from "./words";

/** How far from the end, in pixels, still counts as reading the end. */
const NEAR_END_PX = 60;
/** How near to the beginning, in pixels, earlier messages are asked for. */
const NEAR_BEGINNING_PX = 120;

interface MessagesProps {
  conversation: Conversation;
  settings: WidgetSettings;
  words: Words;
}

/** What was said, from the greeting or a page of earlier messages to the latest. */
export function Messages({ conversation, settings, words }: MessagesProps) {
  const { messages, hasEarlier } = conversation;
  const { scroller, isAway, toEnd, onScroll } = useReadersPlace(messages);

  const onMove = () => {
    onScroll();
    if (scroller.current!.scrollTop < NEAR_BEGINNING_PX) void conversation.loadEarlier();
  };

  return (
    <div class="messages">
      <div class="scroller" ref={scroller} onScroll={onMove} tabIndex={0} role="region" aria-label={words.conversation} aria-busy={conversation.isLoadingEarlier}>
        {hasEarlier ? (
          <EarlierButton conversation={conversation} words={words} onGone={() => scroller.current?.focus({ preventScroll: true })} />
        ) : (
          <div class="greeting" dir="auto">
            {settings.welcome || words.welcome}
          </div>
        )}
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
        <button type="button" class="latest" aria-label={words.latest} title={words.latest} onClick={toEnd}>
          <Icon name="down" />
        </button>
      )}
    </div>
  );
}

interface EarlierButtonProps {
  conversation: Conversation;
  words: Words;
  /** What takes the focus when the button goes with the last page and has it. */
  onGone: () => void;
}

/** Loads the page before the first message that is shown. */
function EarlierButton({ conversation, words, onGone }: EarlierButtonProps) {
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(
    () => () => {
      if (button.current?.matches(":focus")) onGone();
    },
    [],
  );
  return (
    <button type="button" class="earlier" ref={button} onClick={() => void conversation.loadEarlier()}>
      {conversation.isLoadingEarlier ? words.loading : words.earlier}
    </button>
  );
}

/** Keeps the end in view while it is read, and what is read in its place while messages are added above it. */
function useReadersPlace(messages: readonly DisplayedMessage[]) {
  const scroller = useRef<HTMLDivElement>(null);
  const place = useRef({ followsEnd: true, fromEnd: 0 });
  const [isAway, setAway] = useState(false);
  const first = messages[0]?.key;
  const last = messages.at(-1)?.key;

  const toEnd = () => {
    const { current } = scroller;
    if (current) current.scrollTop = current.scrollHeight;
  };
  const onScroll = () => {
    const { scrollHeight, scrollTop, clientHeight } = scroller.current!;
    const fromEnd = scrollHeight - scrollTop;
    const followsEnd = fromEnd - clientHeight < NEAR_END_PX;
    place.current = { followsEnd, fromEnd };
    setAway(!followsEnd);
  };
  useLayoutEffect(() => {
    place.current.followsEnd = true; // one's own question is always brought into view
  }, [last]);
  useLayoutEffect(() => {
    if (!place.current.followsEnd) scroller.current!.scrollTop = scroller.current!.scrollHeight - place.current.fromEnd;
  }, [first]);
  useLayoutEffect(() => {
    if (place.current.followsEnd) toEnd();
    else place.current.fromEnd = scroller.current!.scrollHeight - scroller.current!.scrollTop;
  });
  useEffect(() => {
    // A question of several lines, or a word on the connection, takes room from the end that is being read.
    const resized = new ResizeObserver(() => place.current.followsEnd && toEnd());
    resized.observe(scroller.current!);
    return () => resized.disconnect();
  }, []);

  return { scroller, isAway, toEnd, onScroll };
}

interface SuggestionsProps {
  questions: string[];
  words: Words;
  onAsk: (question: string) => void;
}

function Suggestions({ questions, words, onAsk }: SuggestionsProps) {
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
