import { useLayoutEffect, useRef } from "preact/hooks";
import type { Conversation } from "./conversation";
import { Icon } from "./icons";
import type { Words } from "./words";

/** The server's own bound on a question, in characters. */
const LONGEST_QUESTION = 4_000;

/** Where a question is written. Enter sends, Shift+Enter begins a line. */
export function Composer({ conversation, words }: { conversation: Conversation; words: Words }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const { draft, isBusy } = conversation;

  const grow = () => {
    const { current } = field;
    if (!current?.offsetParent) return; // hidden, it has no height yet
    current.style.blockSize = "auto";
    current.style.blockSize = `${current.scrollHeight}px`;
  };
  useLayoutEffect(grow, [draft]);

  const send = () => {
    conversation.sendDraft();
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div class="field">
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          maxLength={LONGEST_QUESTION}
          aria-label={words.message}
          placeholder={words.placeholder}
          value={draft}
          enterkeyhint="send"
          onInput={(event) => (conversation.draft = event.currentTarget.value)}
          onFocus={grow}
          onKeyDown={onKeyDown}
        />
        {isBusy ? (
          <button type="button" class="send" aria-label={words.stop} title={words.stop} disabled={conversation.isStopping} onClick={() => void conversation.stop()}>
            <span class="square" />
          </button>
        ) : (
          <button type="submit" class="send" aria-label={words.send} title={words.send} disabled={!draft.trim()}>
            <Icon name="send" />
          </button>
        )}
      </div>
      <p class="notice">{words.notice}</p>
    </form>
  );
}
