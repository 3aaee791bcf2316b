import type { Fetcher, Observable } from "@graphiql/toolkit";
import { type ExecutionResult, getOperationAST, type OperationDefinitionNode, parse } from "graphql";
import { createClient, TerminatedCloseEvent } from "graphql-ws";
import type { Account } from "./account";
import { emptyIds } from "./empty-ids";

/** The codes with which the server closes a socket whose token has expired or is no good. */
const UNAUTHORIZED = new Set([4401, 4403]);

/** How GraphiQL listens to a subscription: of the forms that its toolkit's type allows, the one it uses. */
interface Observer {
  next(result: ExecutionResult): void;
  error(error: unknown): void;
  complete(): void;
}

interface Operation {
  query: string;
  variables: Record<string, unknown> | null;
  operationName: string | null;
}

/**
 * Queries and mutations go over HTTP, subscriptions over a websocket. Both carry the `Authorization` of the tab's headers,
 * or else the account's: over the websocket it is the payload of `connection_init`, which takes no header.
 * An operation of which an id is empty is not sent: the answer says what to do.
 */
export function createFetcher(endpoint: URL, account: Account): Fetcher {
  return async ({ query, variables, operationName }, options) => {
    const chosen = operationOf(query, operationName);
    const operation = { query, variables: variables ?? null, operationName: chosen?.name?.value ?? operationName ?? null };
    const missing = emptyIds(chosen, operation.variables ?? {});
    if (missing.length > 0) throw missing.map((message) => ({ message }));
    const headers = new Headers(options?.headers);
    const own = headers.get("authorization");
    if (chosen?.operation === "subscription") return subscribe(endpoint, operation, own, account);
    if (own === null && account.authorization) headers.set("authorization", account.authorization);
    const result = await post(endpoint, operation, headers);
    // The session may have ended in another place: the exchange of its tokens finds out, and says so.
    if (own === null && result.errors?.some(({ extensions }) => extensions?.["code"] === "UNAUTHENTICATED")) void account.refresh();
    return result;
  };
}

/**
 * The operation that runs, unless the text cannot be read: the server then says why. GraphiQL goes on naming the
 * operation of the tab before for a moment: the only one there is meant all the same.
 */
function operationOf(query: string, operationName: string | null | undefined): OperationDefinitionNode | undefined {
  try {
    const document = parse(query);
    return getOperationAST(document, operationName) ?? getOperationAST(document) ?? undefined;
  } catch {
    return undefined;
  }
}

async function post(endpoint: URL, operation: Operation, headers: Headers): Promise<ExecutionResult> {
  headers.set("accept", "application/graphql-response+json, application/json");
  headers.set("content-type", "application/json");
  const response = await fetch(endpoint, { method: "POST", headers, credentials: "omit", body: JSON.stringify(operation) });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    throw [{ message: `The server answered ${response.status} ${response.statusText}: ${text.slice(0, 200)}` }];
  }
}

/**
 * Each subscription has a socket of its own. A socket keeps the authorization it was opened with: when the account's
 * changes, the socket is opened again and the subscription goes on there.
 */
function subscribe(endpoint: URL, operation: Operation, own: string | null, account: Account): Observable<ExecutionResult> {
  return {
    subscribe(observer: Observer) {
      const client = createClient({
        url: endpoint.href.replace(/^http/, "ws"),
        connectionParams: () => {
          const authorization = own ?? account.authorization;
          return authorization ? { authorization } : {};
        },
        // Opened again after its `terminate` alone: what the server closed stays closed, and says why.
        shouldRetry: (event) => event instanceof TerminatedCloseEvent,
        retryWait: async () => {},
      });
      const forget = own === null ? account.onChange(client.terminate) : () => {};
      const stop = client.subscribe<ExecutionResult["data"]>(operation, {
        next: (result) => observer.next(result as ExecutionResult),
        error: (error) => {
          forget();
          observer.error(explained(error));
        },
        complete: () => {
          forget();
          observer.complete();
        },
      });
      return {
        unsubscribe() {
          forget();
          stop();
        },
      };
    },
  } as Observable<ExecutionResult>;
}

/** What to show for the end of a subscription: the errors the server sent, or why there is no socket. */
function explained(error: unknown): unknown {
  if (Array.isArray(error)) return error;
  if (!(error instanceof CloseEvent)) return [{ message: error instanceof Error ? error.message : "The websocket could not be opened." }];
  const advice = UNAUTHORIZED.has(error.code) ? " Log in again, or correct the Authorization under Headers." : "";
  return [{ message: `The websocket was closed (${error.code} ${error.reason}).${advice}` }];
}
