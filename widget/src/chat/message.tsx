import { useRef, useState } from "preact/hooks";
import type { Conversation } from "./conversation";
import { Icon, type IconName } from "./icons";
import { Markdown } from "./markdown";
import type { DisplayedMessage, Trouble } from "./displayed";
import { Sources } from "./sources";
import type { Words } from "./words";

/** The server's own bound on a comment, in characters. */
const LONGEST_COMMENT = 2_000;

interface MessageProps {
  message: DisplayedMessage;
  isLast: boolean;
  conversation: Conversation;
  words: Words;
}

/** One question or one answer. */
export function Message({ message, ...rest }: MessageProps) {
  if (message.role === "assistant") return <Answer message={message} {...rest} />;
  return (
    <article class="question" aria-label={rest.words.you} dir="auto">
      {message.content}
    </article>
  );
}

function Answer({ message, isLast, conversation, words }: MessageProps) {
  const sources = useRef<HTMLElement>(null);
  const numbers = message.sources.map((source) => source.number);
  const cite = (number: number) => {
    const source = sources.current?.querySelectorAll("details")[numbers.indexOf(number)];
    if (!source) return;
    source.open = true;
    source.querySelector("summary")?.focus();
    source.scrollIntoView({ block: "nearest" });
  };
  const isOver = message.state === "complete";
  const canRetry = isLast && message.failure?.retryable;
  return (
    <article class={`answer ${message.state}`} aria-label={words.assistant} aria-busy={!isOver && message.state !== "failed"} dir="auto">
      {message.state === "waiting" && <Waiting words={words} />}
      <div class="prose">
        <Markdown text={message.content} words={words} sources={numbers} onCite={cite} />
      </div>
      {words.endings[message.finishReason ?? ""] && <p class="ending">{words.endings[message.finishReason ?? ""]}</p>}
      {message.failure && <TroubleNote trouble={message.failure} words={words} onRetry={canRetry ? () => conversation.retry() : undefined} />}
      {isOver && <Sources ref={sources} sources={message.sources} words={words} />}
      {isOver && <Actions message={message} isLast={isLast} conversation={conversation} words={words} />}
    </article>
  );
}

function Waiting({ words }: { words: Words }) {
  return (
    <p class="searching">
      <span class="dots" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      {words.searching}
    </p>
  );
}

interface TroubleNoteProps {
  trouble: Trouble;
  words: Words;
  onRetry?: (() => void) | undefined;
}

/** Why there is no answer, and what to do. */
export function TroubleNote({ trouble, words, onRetry }: TroubleNoteProps) {
  return (
    <div class="trouble" role="alert">
      <p>{words.failures[trouble.code] ?? (trouble.text || words.failed)}</p>
      {onRetry && (
        <button type="button" onClick={onRetry}>
          <Icon name="retry" />
          {words.retry}
        </button>
      )}
    </div>
  );
}

function Actions({ message, isLast, conversation, words }: MessageProps) {
  const [isAsking, setAsking] = useState(false);
  const [isThanked, setThanked] = useState(false);
  const rate = (chosen: number) => {
    const feedback = message.feedback === chosen ? null : chosen;
    setThanked(false);
    setAsking(feedback !== null);
    void conversation.rate(message, { feedback });
  };
  const comment = (text: string) => {
    setAsking(false);
    setThanked(true);
    if (text) void conversation.rate(message, { feedback: message.feedback, comment: text });
  };
  return (
    <>
      <div class="actions">
        <Copy text={message.content} words={words} />
        {isLast && (message.canDiffer || message.finishReason === "stopped") && (
          <Action name="retry" label={words.regenerate} onPress={() => void conversation.regenerate(message.id!)} />
        )}
        <Thumb name="helpful" label={words.helpful} isPressed={message.feedback === 1} onPress={() => rate(1)} />
        <Thumb name="unhelpful" label={words.unhelpful} isPressed={message.feedback === -1} onPress={() => rate(-1)} />
        <span role="status" class="quietly">
          {isThanked && words.thanks}
        </span>
      </div>
      {isAsking && <Comment label={message.feedback === 1 ? words.commentHelpful : words.commentUnhelpful} words={words} onSend={comment} />}
    </>
  );
}

interface ActionProps {
  name: IconName;
  label: string;
  onPress: () => void;
}

function Action({ name, label, onPress }: ActionProps) {
  return (
    <button type="button" class="quiet small" aria-label={label} title={label} onClick={onPress}>
      <Icon name={name} />
    </button>
  );
}

function Thumb({ name, label, isPressed, onPress }: ActionProps & { isPressed: boolean }) {
  return (
    <button type="button" class="quiet small" aria-label={label} title={label} aria-pressed={isPressed} onClick={onPress}>
      <Icon name={name} />
    </button>
  );
}

function Copy({ text, words }: { text: string; words: Words }) {
  const [isCopied, setCopied] = useState(false);
  if (!navigator.clipboard) return null; // pages without a secure context have none
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 2_000);
  };
  return <Action name={isCopied ? "check" : "copy"} label={isCopied ? words.copied : words.copy} onPress={() => void copy()} />;
}

function Comment({ label, words, onSend }: { label: string; words: Words; onSend: (text: string) => void }) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <form
      class="comment"
      onSubmit={(event) => {
        event.preventDefault();
        onSend(field.current!.value.trim());
      }}
    >
      <input ref={field} type="text" maxLength={LONGEST_COMMENT} dir="auto" aria-label={label} placeholder={label} />
      <button type="submit">{words.sendComment}</button>
    </form>
  );
}
