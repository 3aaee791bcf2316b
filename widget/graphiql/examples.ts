const json = (value: object) => JSON.stringify(value, null, 2);

/** Tabs of a first visit: each runs as it is, once the names and ids in its variables are yours. */
export const EXAMPLES = [
  {
    query: `# 1. Log in, or register: every tab then uses the session, subscriptions too.
#    An Authorization under Headers ("Bearer …") goes before it.

mutation Login($input: LoginInput!) {
  login(input: $input) {
    ... on Session {
      accessToken
      expiresAt
      user { email fullName role }
    }
    ... on UserError { code message }
  }
}

mutation Register($account: RegisterInput!) {
  register(input: $account) {
    ... on Session { accessToken expiresAt }
    ... on UserError { code message }
  }
}
`,
    variables: json({
      input: { email: "you@example.com", password: "" },
      account: { email: "you@example.com", password: "", fullName: "" },
    }),
  },
  {
    query: `# 2. A workspace is a chatbot with its own documents, conversations and keys.

mutation CreateWorkspace($input: CreateWorkspaceInput!) {
  createWorkspace(input: $input) {
    ... on CreateWorkspacePayload {
      workspace { id name }
    }
    ... on UserError { code message }
  }
}
`,
    variables: json({ input: { name: "Help centre", allowedDomains: ["example.com"] } }),
  },
  {
    query: `# 3. Workspaces, their documents, and how far each document is.

query Documents {
  workspaces(first: 5) {
    edges {
      node {
        id
        name
        documents(first: 10) {
          edges {
            node { id name status progress error chunkCount }
          }
        }
      }
    }
  }
}

subscription Progress($workspaceId: ID!) {
  documentProgress(workspaceId: $workspaceId) { stage progress status error document { name } }
}
`,
    variables: json({ workspaceId: "" }),
  },
  {
    query: `# 4. Ask a workspace a question, and watch the answer being written.

subscription Ask($input: ChatInput!) {
  chat(input: $input) {
    __typename
    sequence
    ... on AnswerStarted { conversation { id } sources { documentName location score } }
    ... on AnswerDelta { text }
    ... on AnswerFinished { message { content tokensUsed responseTimeMs } }
    ... on AnswerFailed { code text retryable }
  }
}
`,
    variables: json({
      input: { workspaceId: "", content: "How do I add the chat to my website?", clientMessageId: "00000000-0000-4000-8000-000000000001" },
    }),
  },
  {
    query: `# 5. What visitors asked, and how content they were.

query Analytics($workspaceId: ID!) {
  workspace(id: $workspaceId) {
    name
    stats { totalConversations totalMessages uniqueVisitors }
    analytics { date totalConversations totalMessages satisfactionRate avgResponseTimeMs }
    conversations(last: 5) {
      edges {
        node { title messageCount lastMessageAt }
      }
    }
  }
}
`,
    variables: json({ workspaceId: "" }),
  },
];
