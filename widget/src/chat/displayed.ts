import type { Failure } from "../graphql";
import type { Source, StoredMessage } from "./answers";
import { randomUUID } from "./identifier";

/** A message as it is shown. */
export interface DisplayedMessage {
  /** Stays the same from the first word to the stored message. */
  key: string;
  /** The server's id, once there is one. */
  id?: string;
  role: "user" | "assistant";
  content: string;
  sources: Source[];
  feedback: number | null;
  state: "waiting" | "writing" | "complete" | "failed";
  /** How a complete answer ended: `stop`, `length`, `stopped`. */
  finishReason: string | null;
  /** Whether asking again can give another answer. */
  canDiffer: boolean;
  failure?: Trouble;
}

/** Why there is no answer. */
export interface Trouble {
  code: string;
  text: string;
  retryable: boolean;
}

/** A message that is about to be. */
export function blank(role: DisplayedMessage["role"], state: DisplayedMessage["state"]): DisplayedMessage {
  return { key: randomUUID(), role, content: "", sources: [], feedback: null, state, finishReason: null, canDiffer: false };
}

/** A message as the server has it. */
export function displayed({ id, role, content, feedback, sources, finishReason, canDiffer }: StoredMessage): DisplayedMessage {
  const author = role === "USER" ? "user" : "assistant";
  return { key: id, id, role: author, content, sources, feedback, finishReason, canDiffer, state: "complete" };
}

/** The answer that the last question still waits for. */
export function unanswered(messages: StoredMessage[]): string | undefined {
  const question = messages.findLast(({ role }) => role === "USER");
  if (!question?.answerId || messages.some(({ id }) => id === question.answerId)) return undefined;
  return question.answerId;
}

export function troubleOf({ code, message }: Failure): Trouble {
  return { code, text: message, retryable: false };
}
