/** Every operation of the open chat, as the constant texts that are sent (`START_VISIT` is in `visit.ts`). */
const SOURCES = "sources { number documentName excerpt location url }";
const MESSAGE = `id role content answerId feedback finishReason canDiffer ${SOURCES}`;
const EVENT = `__typename answerId sequence
  ... on AnswerStarted { conversation { id } message { id } ${SOURCES} }
  ... on AnswerDelta { text }
  ... on AnswerFinished { message { ${MESSAGE} conversation { id } } }
  ... on AnswerFailed { code text retryable }`;

export const CHAT = `subscription Chat($input: ChatInput!) { event: chat(input: $input) { ${EVENT} } }`;
export const ANSWER = `subscription Answer($answerId: ID!, $after: Int) {
  event: answer(answerId: $answerId, after: $after) { ${EVENT} }
}`;
export const HISTORY = `query History($id: ID!, $last: Int!, $before: String) {
  result: conversation(id: $id) {
    messages(last: $last, before: $before) { nodes { ${MESSAGE} } pageInfo { hasPreviousPage startCursor } }
  }
}`;
export const SEND = `mutation Send($input: SendMessageInput!) {
  result: sendMessage(input: $input) {
    ... on SendMessagePayload { answerId conversation { id } } ... on UserError { code message }
  }
}`;
export const STOP = `mutation Stop($input: StopAnswerInput!) {
  result: stopAnswer(input: $input) { __typename ... on UserError { code message } }
}`;
export const REGENERATE = `mutation Regenerate($input: RegenerateAnswerInput!) {
  result: regenerateAnswer(input: $input) {
    ... on SendMessagePayload { answerId } ... on UserError { code message }
  }
}`;
export const RATE = `mutation Rate($input: RateMessageInput!) {
  result: rateMessage(input: $input) { __typename ... on UserError { code message } }
}`;
