import type { Fetcher } from "@graphiql/toolkit";
import type { ExecutionResult } from "graphql";
import { createClient, type Client } from "graphql-ws";

const ENDPOINT = "/graphql";

/**
 * Queries and mutations go over HTTP, subscriptions over the websocket. Both carry the authorization of the headers
 * editor or, where it has none, the access token of the last session that was opened on this page.
 */
export function createFetcher(): Fetcher {
  let accessToken = "";
  let socket: { authorization: string; client: Client } | undefined;

  /** A websocket keeps the authorization that it was opened with, so another one means another socket. */
  function clientFor(authorization: string): Client {
    if (socket?.authorization !== authorization) {
      void socket?.client.dispose();
      const address = new URL(ENDPOINT, location.href);
      address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
      socket = { authorization, client: createClient({ url: address.href, connectionParams: { authorization } }) };
    }
    return socket.client;
  }

  return async ({ query, variables, operationName }, options) => {
    const headers = new Headers(options?.headers as Record<string, string> | undefined);
    if (!headers.has("authorization") && accessToken) headers.set("authorization", `Bearer ${accessToken}`);
    const operation = { query, variables: variables ?? null, operationName: operationName ?? null };
    const definition = options?.documentAST?.definitions.find(
      (one) => one.kind === "OperationDefinition" && (!operationName || one.name?.value === operationName),
    );
    if (definition?.kind === "OperationDefinition" && definition.operation === "subscription") {
      const results = clientFor(headers.get("authorization") ?? "").iterate(operation);
      return results as AsyncIterableIterator<ExecutionResult>;
    }
    const result = await post(operation, headers);
    accessToken = tokenOf(result) ?? accessToken;
    return result;
  };
}

async function post(operation: object, headers: Headers): Promise<ExecutionResult> {
  headers.set("accept", "application/graphql-response+json, application/json");
  headers.set("content-type", "application/json");
  const response = await fetch(ENDPOINT, { method: "POST", headers, body: JSON.stringify(operation) });
  return response.json();
}

/** The access token, when the operation opened or refreshed a session. */
function tokenOf({ data }: ExecutionResult): string | undefined {
  return Object.values(data ?? {})
    .map((field) => (field as { accessToken?: string } | null)?.accessToken)
    .find(Boolean);
}
