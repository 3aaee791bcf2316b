import { useRef, useState } from "preact/hooks";
import type { Conversation, Shown } from "./conversation";
import { Icon } from "./icons";
import { Markdown } from "./markdown";
import { Sources } from "./sources";
import type { Words } from "./words";

interface MessageProps {
  message: Shown;
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
  const cite = (index: number) => {
    const source = sources.current?.querySelectorAll("details")[index];
    if (!source) return;
    source.open = true;
    source.querySelector("summary")?.focus();
    source.scrollIntoView({ block: "nearest" });
  };
  const isOver = message.state === "complete" || message.state === "stopped";
  return (
    <article class={`answer ${message.state}`} aria-label={words.assistant} aria-busy={!isOver && message.state !== "failed"} dir="auto">
      {message.state === "waiting" && <Waiting words={words} />}
      <div class="prose">
        <Markdown text={message.content} words={words} sources={message.sources.length} onCite={cite} />
      </div>
      {message.state === "stopped" && <p class="quietly">{words.stopped}</p>}
      {message.failure && <Trouble failure={message.failure} isLast={isLast} words={words} onRetry={() => void conversation.retry()} />}
      {isOver && <Sources ref={sources} sources={message.sources} words={words} />}
      {isOver && message.id && <Actions message={message} conversation={conversation} words={words} />}
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

interface TroubleProps {
  failure: NonNullable<Shown["failure"]>;
  isLast: boolean;
  words: Words;
  onRetry: () => void;
}

function Trouble({ failure, isLast, words, onRetry }: TroubleProps) {
  return (
    <div class="trouble" role="alert">
      <p>{words.failures[failure.code] ?? (failure.text || words.failed)}</p>
      {failure.retryable && isLast && (
        <button type="button" onClick={onRetry}>
          <Icon name="retry" />
          {words.retry}
        </button>
      )}
    </div>
  );
}

function Actions({ message, conversation, words }: Omit<MessageProps, "isLast">) {
  const [isAsking, setAsking] = useState(false);
  const [isThanked, setThanked] = useState(false);
  const rate = (feedback: number) => {
    const chosen = message.feedback === feedback ? 0 : feedback;
    setThanked(false);
    setAsking(chosen === -1);
    void conversation.rate(message, chosen);
  };
  const comment = (text: string) => {
    setAsking(false);
    setThanked(true);
    if (text) void conversation.rate(message, -1, text);
  };
  return (
    <>
      <div class="actions">
        <Copy text={message.content} words={words} />
        <Thumb name="helpful" label={words.helpful} isPressed={message.feedback === 1} onPress={() => rate(1)} />
        <Thumb name="unhelpful" label={words.unhelpful} isPressed={message.feedback === -1} onPress={() => rate(-1)} />
        <span role="status" class="quietly">
          {isThanked && words.thanks}
        </span>
      </div>
      {isAsking && <Comment words={words} onSend={comment} />}
    </>
  );
}

interface ThumbProps {
  name: "helpful" | "unhelpful";
  label: string;
  isPressed: boolean;
  onPress: () => void;
}

function Thumb({ name, label, isPressed, onPress }: ThumbProps) {
  return (
    <button type="button" class="quiet small" aria-label={label} title={label} aria-pressed={isPressed} onClick={onPress}>
      <Icon name={name} />
    </button>
  );
}

function Copy({ text, words }: { text: string; words: Words }) {
  const [isCopied, setCopied] = useState(false);
  if (!navigator.clipboard) return null; // pages without a secure context have none
  const label = isCopied ? words.copied : words.copy;
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 2_000);
  };
  return (
    <button type="button" class="quiet small" aria-label={label} title={label} onClick={() => void copy()}>
      <Icon name={isCopied ? "check" : "copy"} />
    </button>
  );
}

function Comment({ words, onSend }: { words: Words; onSend: (text: string) => void }) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <form
      class="comment"
      onSubmit={(event) => {
        event.preventDefault();
        onSend(field.current!.value.trim());
      }}
    >
      <input ref={field} type="text" maxLength={1_000} dir="auto" aria-label={words.comment} placeholder={words.comment} />
      <button type="submit">{words.sendComment}</button>
    </form>
  );
}
