import type { Visit } from "../visit";
import type { Question, StoredMessage } from "./answers";
import { HISTORY, RATE, REGENERATE, SEND, STOP } from "./operations";

/** How many messages are asked for at once. */
const PAGE = 50;

/** Messages of a conversation, oldest first, and the cursor of those before them, if there are any. */
export interface Page {
  messages: StoredMessage[];
  earlier: string | undefined;
}

interface StoredPage {
  nodes: StoredMessage[];
  pageInfo: { hasPreviousPage: boolean; startCursor: string | null };
}

/** The latest messages of a conversation, or those before a cursor. All of these throw `Failure`. */
export async function storedMessages(visit: Visit, id: string, before?: string): Promise<Page> {
  const variables = { id, last: PAGE, before };
  const stored = await visit.request<{ messages: StoredPage | null } | null>(HISTORY, variables);
  const page = stored?.messages;
  return { messages: page?.nodes ?? [], earlier: (page?.pageInfo.hasPreviousPage && page.pageInfo.startCursor) || undefined };
}

/** Stores a question and has it answered; sent twice, it is one question. */
export function sendMessage(visit: Visit, question: Question): Promise<{ answerId: string; conversation: { id: string } }> {
  return visit.request(SEND, { input: question });
}

export async function stopAnswer(visit: Visit, answerId: string): Promise<void> {
  await visit.request(STOP, { input: { answerId } });
}

/** Has a question answered again, and gives the new answer's id. */
export async function regenerateAnswer(visit: Visit, messageId: string): Promise<string> {
  const { answerId } = await visit.request<{ answerId: string }>(REGENERATE, { input: { messageId } });
  return answerId;
}

/** What a visitor thinks of an answer: `feedback` is 1 or -1, or null to take it back; a comment left out stays as it is. */
export interface Rating {
  feedback: number | null;
  comment?: string;
}

export async function rateMessage(visit: Visit, messageId: string, rating: Rating): Promise<void> {
  await visit.request(RATE, { input: { messageId, ...rating } });
}
