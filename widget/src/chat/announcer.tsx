import { useEffect, useRef, useState } from "preact/hooks";
import { plain, sentences } from "./sentences";
import type { DisplayedMessage } from "./displayed";
import type { Words } from "./words";

/**
 * Reads an answer aloud to screen readers a sentence at a time, as it is written.
 * Only answers that were seen being written are read: a history that loads stays silent.
 */
export function Announcer({ message, words }: { message: DisplayedMessage | undefined; words: Words }) {
  const [said, setSaid] = useState<string[]>([]);
  const heard = useRef({ key: "", next: 0 });

  useEffect(() => {
    if (message?.role !== "assistant") return;
    if (message.state === "waiting" && heard.current.key !== message.key) {
      heard.current = { key: message.key, next: 0 };
      setSaid([words.searching]);
    }
    if (heard.current.key !== message.key) return;
    const { spoken, next } = sentences(message.content, heard.current.next);
    heard.current.next = next;
    if (message.state === "complete") {
      const rest = plain(message.content.slice(next));
      if (rest) spoken.push(rest);
      heard.current.key = "";
    }
    if (spoken.length > 0) setSaid((before) => [...before, ...spoken]);
  }, [message]);

  return (
    <div class="announcer" aria-live="polite" role="log">
      {said.map((sentence, index) => (
        <p key={index}>{sentence}</p>
      ))}
    </div>
  );
}
