// The statements of the Node peers, and what both have of the graph. A token is looked up by its hash among the sessions that
// have not expired, at each request as Monitora does.
import { createHash } from "node:crypto";
import Database from "better-sqlite3";
import { GraphQLScalarType } from "graphql";

const database = new Database(process.env.BENCH_DATABASE, { readonly: true });
const onlyOwner = database.prepare("SELECT id FROM app_users").get().id;
const session = database.prepare("SELECT user_id FROM app_sessions WHERE token_hash = ? AND expires_at > ?");
const workspaceColumns = "SELECT id, name, is_active AS isActive, created_at AS createdAt FROM workspaces";
const workspaces = database.prepare(`${workspaceColumns} WHERE user_id = ? ORDER BY created_at, id LIMIT ?`);
const workspace = database.prepare(`${workspaceColumns} WHERE id = ? AND user_id = ?`);
const conversations = database.prepare(
  "SELECT id, title FROM conversations WHERE workspace_id = ? ORDER BY created_at DESC, id DESC LIMIT ?",
);
const messagesOf = new Map(); // by how many conversations: a statement is prepared once

export function ownerOf(authorization) {
  if (process.env.BENCH_OPEN) return onlyOwner;
  const hash = createHash("sha256").update((authorization ?? "").replace("Bearer ", "")).digest("hex");
  return session.get(hash, new Date().toISOString().replace("T", " "))?.user_id;
}

export function messagesOfEach(conversationIds) {
  const count = conversationIds.length;
  if (!messagesOf.has(count)) {
    const places = Array(count).fill("?").join(", ");
    messagesOf.set(
      count,
      database.prepare(
        `SELECT conversation_id, id, role, content, rag_score AS ragScore, feedback, created_at AS createdAt FROM messages
         WHERE conversation_id IN (${places}) ORDER BY conversation_id, created_at, id`,
      ),
    );
  }
  const found = new Map(conversationIds.map((id) => [id, []]));
  for (const message of messagesOf.get(count).all(conversationIds)) found.get(message.conversation_id).push(message);
  return conversationIds.map((id) => found.get(id));
}

export const typeDefs = `
  scalar DateTime
  enum MessageRole { USER ASSISTANT }
  type Message {
    id: ID!  role: MessageRole!  content: String!  ragScore: Float  feedback: Int  createdAt: DateTime!
  }
  type MessageConnection { nodes: [Message!]! }
  type Conversation { id: ID!  title: String  messages(first: Int = 20): MessageConnection! }
  type ConversationConnection { nodes: [Conversation!]! }
  type Workspace {
    id: ID!  name: String!  isActive: Boolean!  createdAt: DateTime!
    conversations(first: Int = 20): ConversationConnection!
  }
  type WorkspaceConnection { nodes: [Workspace!]! }
  type Query { workspace(id: ID!): Workspace  workspaces(first: Int = 20): WorkspaceConnection! }
`;

export const resolvers = {
  DateTime: new GraphQLScalarType({ name: "DateTime", serialize: (text) => `${text.replace(" ", "T")}Z` }),
  MessageRole: { USER: "user", ASSISTANT: "assistant" },
  Query: {
    workspace: (_, { id }, { owner }) => workspace.get(id, owner),
    workspaces: (_, { first }, { owner }) => ({ nodes: workspaces.all(owner, first) }),
  },
  Workspace: { conversations: ({ id }, { first }) => ({ nodes: conversations.all(id, first) }) },
};
