import { randomUUID } from "../src/chat/identifier";

const json = (value: object) => JSON.stringify(value, null, 2);

/**
 * The tabs of a first visit. Those about a workspace want its id, which the first shows.
 * The first has no variables: GraphiQL would not put them into its editor.
 */
export const EXAMPLES = [
  {
    query: `# My workspaces, with their documents and their figures.
# Log in at the top of this page first: every tab then runs as you, subscriptions too.
# Lists come in pages: the next one is asked for with after: endCursor.

query Workspaces($first: Int = 10, $after: String) {
  workspaces(first: $first, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      id
      name
      metrics {
        totalConversations
        totalMessages
        avgMessagesPerConversation
        avgResponseTimeMs
        avgRagScore
        satisfactionRate
      }
      documents(first: 20) {
        totalCount
        nodes { id name status progress chunkCount error }
      }
    }
  }
}
`,
    variables: json({}),
  },
  {
    query: `# What the log-in at the top of this page does. With the access token, a program sends
#   Authorization: Bearer …                over HTTP, as a header,
#   {"authorization": "Bearer …"}          over a websocket, in connection_init.
# A tab that has an Authorization of its own under Headers runs with that one.

mutation LogIn($input: LoginInput!) {
  login(input: $input) {
    ... on Session {
      accessToken
      refreshToken
      expiresAt
      user { email fullName role }
    }
    # Every mutation answers with what it made, or with why it did not.
    ... on UserError { code message path }
    ... on AccountLocked { retryAt }
  }
}
`,
    variables: json({ input: { email: "you@example.com", password: "" } }),
  },
  {
    query: `# A workspace is one assistant, with documents, conversations and keys of its own.

mutation CreateWorkspace($input: CreateWorkspaceInput!) {
  createWorkspace(input: $input) {
    ... on CreateWorkspacePayload {
      workspace { id name allowedDomains model }
    }
    ... on UserError { code message path }
  }
}
`,
    variables: json({ input: { name: "Help centre", allowedDomains: ["example.com"] } }),
  },
  {
    query: `# Ask a workspace, as one of its team, and follow the answer as it is written.
# Put the workspace's id into the variables; the Workspaces tab shows it.
# A message is known by its clientMessageId: run this again and you get the same answer;
# change a digit to ask anew. Each event replaces the one before; the last holds all.

subscription Chat($input: ChatInput!) {
  chat(input: $input) {
    __typename
    answerId
    sequence
    ... on AnswerStarted {
      conversation { id title }
      sources { documentName location score }
    }
    ... on AnswerDelta { text }
    ... on AnswerFinished {
      message {
        content
        ragScore
        responseTimeMs
        sources { documentName location excerpt score url }
      }
    }
    ... on AnswerFailed { code text retryable }
  }
}
`,
    variables: json({
      input: { workspaceId: "", content: "How do I add the chat to my website?", clientMessageId: randomUUID() },
    }),
  },
  {
    query: `# The last conversations of a workspace: what was asked, how sure the answers were,
# and what the visitors thought of them (feedback is -1, 0 or 1).

query Conversations($workspaceId: ID!) {
  workspace(id: $workspaceId) {
    conversations(first: 5) {
      nodes {
        title
        visitorName
        lastMessageAt
        messages(first: 20) {
          nodes { role content ragScore feedback createdAt }
        }
      }
    }
  }
}
`,
    variables: json({ workspaceId: "" }),
  },
  {
    query: `# Every step of the documents that are being indexed, until you stop it.
# Files are sent by the multipart request convention, which this page does not speak:
#
#   curl SERVER/graphql -H 'Authorization: Bearer …' \\
#     -F operations='{"query": "mutation ($input: UploadDocumentInput!) {
#          uploadDocument(input: $input) { __typename } }",
#          "variables": {"input": {"workspaceId": "…", "file": null}}}' \\
#     -F map='{"0": ["variables.input.file"]}' -F 0=@guide.pdf

subscription Progress($workspaceId: ID!) {
  documentProgress(workspaceId: $workspaceId) {
    document { id name }
    status
    stage
    progress
    error
  }
}
`,
    variables: json({ workspaceId: "" }),
  },
];
