import { randomUUID } from "../src/chat/identifier";

const json = (value: object) => JSON.stringify(value, null, 2);

/**
 * The tabs of a first visit. Those about a workspace want its id, which the first shows.
 * The first has no variables: GraphiQL would not put them into its editor, and when the page is loaded again it would
 * open the tab once more.
 */
export const EXAMPLES = [
  {
    query: `# My workspaces, their documents and figures.
# Log in at the top of this page first: then
# every tab runs as you, subscriptions too.
# Lists come in pages: the next one is asked
# for with $after, the last one's endCursor.

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
    variables: "",
  },
  {
    query: `# What the log-in at the top of this page does.
# A program sends the access token as
#   Authorization: Bearer …
# over HTTP, in the headers, and as
#   {"authorization": "Bearer …"}
# over a websocket, in connection_init.
# An Authorization under Headers below goes
# before the log-in at the top.

mutation LogIn($input: LoginInput!) {
  login(input: $input) {
    ... on Session {
      accessToken
      refreshToken
      expiresAt
      user { email fullName role }
    }
    # What every mutation says when it refuses:
    ... on UserError { code message path }
  }
}
`,
    variables: json({ input: { email: "you@example.com", password: "" } }),
  },
  {
    query: `# A workspace is one assistant, with documents,
# conversations and keys of its own.

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
    query: `# Ask a workspace, as one of its team, and see
# the answer being written. Put the workspace's
# id into the variables: Workspaces shows it.
# Each event replaces the one before; the last
# holds the whole answer. A message is known by
# its clientMessageId: the same one again gives
# the same answer, another one asks again.

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
    query: `# A workspace's last conversations: what was
# asked, how sure the answers were (ragScore,
# from 0 to 1), and what the visitors thought
# of them (feedback: -1, 0 or 1).

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
    query: `# A text that the assistant answers from, such
# as the answer to a frequent question. The same
# content twice is refused: documentId says which
# document holds it.

mutation AddText($input: AddTextInput!) {
  addText(input: $input) {
    ... on AddTextPayload {
      document { id name origin status }
    }
    ... on DuplicateDocument {
      documentId
      document { name }
    }
    ... on UserError { code message path }
  }
}
`,
    variables: json({
      input: { workspaceId: "", title: "Do you deliver on Sundays?", content: "Yes, before noon." },
    }),
  },
  {
    query: `# The documents that are being indexed, step by
# step, until you stop it. A file is uploaded
# by a multipart request, for instance so:
#
# curl …/graphql -H 'Authorization: Bearer …' \\
#  -F operations='{"query":
#   "mutation ($i: UploadDocumentInput!) { uploadDocument(input: $i) { __typename } }",
#   "variables": {"i":
#    {"workspaceId": "…", "file": null}}}' \\
#  -F map='{"0": ["variables.i.file"]}' \\
#  -F 0=@guide.pdf

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
