import { useLayoutEffect, useRef } from "preact/hooks";
import type { WidgetSettings } from "../visit";
import type { Conversation } from "./conversation";
import { Icon } from "./icons";
import { Message, TroubleNote } from "./message";
import { useReadersPlace } from "./place";
import type { Words } from "./words";

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
  const { scroller, isAway, toEnd, onScroll } = useReadersPlace(messages, conversation.refusal !== undefined);

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
