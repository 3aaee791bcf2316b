import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { DisplayedMessage } from "./displayed";

/** How far from the end, in pixels, still counts as reading the end. */
const NEAR_END_PX = 60;
/** What stays free above the first line of an answer, in pixels. */
const ABOVE_ANSWER_PX = 12;
/** An element that leaves the page forgets how far it was scrolled: told on its return, it goes back there. */
const RETURNED = "monitora:returned";

/**
 * Where the reader is. `answer`: the latest message is followed as it grows, until its first line is at the top.
 * `end`: the reader went to the end, and is kept there. `away`: the reader went elsewhere, and stays.
 */
type Follows = "answer" | "end" | "away";

/** Lets the scroller of a chat that came back to the page go where the reader was. */
export function resumePlace(chat: HTMLElement): void {
  chat.querySelector(".scroller")?.dispatchEvent(new Event(RETURNED));
}

/**
 * Keeps what is read in view: the latest answer from its first line on, and what was scrolled to while messages are
 * added above it. `isUrgent` says that there is something below the messages that must be seen.
 */
export function useReadersPlace(messages: readonly DisplayedMessage[], isUrgent: boolean) {
  const scroller = useRef<HTMLDivElement>(null);
  const place = useRef({ follows: "answer" as Follows, top: 0, fromEnd: 0 });
  const [isAway, setAway] = useState(false);
  const first = messages[0]?.key;
  const last = messages.at(-1)?.key;

  const scrollTo = (top: number) => {
    scroller.current!.scrollTop = top;
    note();
  };
  const note = () => {
    const { scrollTop, scrollHeight, clientHeight } = scroller.current!;
    place.current.top = scrollTop;
    place.current.fromEnd = scrollHeight - scrollTop;
    setAway(scrollHeight - scrollTop - clientHeight >= NEAR_END_PX);
  };
  const follow = () => {
    const { current } = scroller;
    if (!current?.clientHeight) return; // hidden
    const answers = current.querySelectorAll<HTMLElement>("article");
    const firstLine = (answers[answers.length - 1]?.offsetTop ?? Infinity) - ABOVE_ANSWER_PX;
    if (place.current.follows === "end") scrollTo(current.scrollHeight);
    else if (place.current.follows === "answer") scrollTo(Math.min(firstLine, current.scrollHeight - current.clientHeight));
    else note();
  };
  const toEnd = () => {
    place.current.follows = "end";
    follow();
  };
  const onScroll = () => {
    const isOwn = Math.abs(scroller.current!.scrollTop - place.current.top) < 2;
    note();
    if (isOwn) return;
    const { scrollTop, scrollHeight, clientHeight } = scroller.current!;
    place.current.follows = scrollHeight - scrollTop - clientHeight < NEAR_END_PX ? "end" : "away";
  };

  useLayoutEffect(() => {
    place.current.follows = isUrgent ? "end" : "answer"; // one's own question is always brought into view
  }, [last, isUrgent]);
  useLayoutEffect(() => {
    if (place.current.follows === "away") scroller.current!.scrollTop = scroller.current!.scrollHeight - place.current.fromEnd;
  }, [first]);
  useLayoutEffect(follow);
  useEffect(() => {
    const { current } = scroller;
    // A question of several lines, or a word on the connection, takes room from what is being read.
    const resized = new ResizeObserver(follow);
    resized.observe(current!);
    const resume = () => (current!.scrollTop = place.current.top);
    current!.addEventListener(RETURNED, resume);
    return () => {
      resized.disconnect();
      current!.removeEventListener(RETURNED, resume);
    };
  }, []);

  return { scroller, isAway, toEnd, onScroll };
}
