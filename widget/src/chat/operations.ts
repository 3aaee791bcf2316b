import type { Visit } from "../visit";
import { MESSAGE, type Question, type StoredMessage } from "./answers";

/** How many messages of a conversation are shown again. */
const REMEMBERED_MESSAGES = 50;

const HISTORY = `query History($id: ID!, $last: Int!) {
  result: conversation(id: $id) { messages(last: $last) { nodes { ${MESSAGE} } } }
}`;
const SEND = `mutation Send($input: SendMessageInput!) {
  result: sendMessage(input: $input) {
    ... on SendMessagePayload { answerId conversation { id } } ... on UserError { code reason: message }
  }
}`;
const STOP = `mutation Stop($input: StopAnswerInput!) {
  result: stopAnswer(input: $input) { __typename ... on UserError { code reason: message } }
}`;
const REGENERATE = `mutation Regenerate($input: RegenerateAnswerInput!) {
  result: regenerateAnswer(input: $input) {
    ... on SendMessagePayload { answerId } ... on UserError { code reason: message }
  }
}`;
const RATE = `mutation Rate($input: RateMessageInput!) {
  result: rateMessage(input: $input) { __typename ... on UserError { code reason: message } }
}`;

/** The latest messages of a conversation, oldest first. All of these throw `Failure`. */
export async function storedMessages(visit: Visit, id: string): Promise<StoredMessage[]> {
  const variables = { id, last: REMEMBERED_MESSAGES };
  const stored = await visit.request<{ messages: { nodes: StoredMessage[] } | null } | null>(HISTORY, variables);
  return stored?.messages?.nodes ?? [];
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

/** @param rating `feedback` is 1 or -1, or null to take the rating back; a comment that is left out stays as it is. */
export async function rateMessage(
  visit: Visit,
  messageId: string,
  rating: { feedback: number | null; comment?: string },
): Promise<void> {
  await visit.request(RATE, { input: { messageId, ...rating } });
}
