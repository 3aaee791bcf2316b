/** Why the server, or the way to it, did not give what was asked. */
export class Failure extends Error {
  /** @param code the API's own code, or `NETWORK` when no answer came. */
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = "Failure";
  }
}

interface GraphQLError {
  message: string;
  extensions?: { code?: string };
}

/** What names an operation by the SHA-256 of its text. */
export type Named = { persistedQuery: { version: 1; sha256Hash: string | undefined } };

interface Body<Result> {
  data?: { result?: Result | null } | null;
  errors?: GraphQLError[];
}

/** The failure told by the `errors` of a GraphQL response. */
export function failureOf(errors: readonly GraphQLError[]): Failure {
  const first = errors[0];
  return new Failure(first?.extensions?.code ?? "INTERNAL", first?.message ?? "The server gave no reason.");
}

/** The code by which a server says that it knows no operation by this hash: the text has to be sent beside it. */
export const UNKNOWN_OPERATION = "PERSISTED_QUERY_NOT_FOUND";

/**
 * Asks one operation whose only root field is called `result`.
 * A result that implements `UserError`, asked as `... on UserError { code message }`, is thrown as a `Failure`.
 * @param extensions names the operation by its hash: the text is then sent only to a server that does not know it.
 */
export async function request<Result>(
  endpoint: URL,
  query: string,
  variables: Record<string, unknown>,
  token?: string,
  extensions?: Named,
): Promise<Result> {
  const headers: Record<string, string> = {
    "content-type": "application/json",
    accept: "application/graphql-response+json, application/json",
  };
  if (token) headers["authorization"] = `Bearer ${token}`;
  const post = async (text?: string): Promise<Body<Result>> => {
    const body = JSON.stringify({ query: text, variables, extensions });
    try {
      return await (await fetch(endpoint, { method: "POST", headers, credentials: "omit", body })).json();
    } catch (error) {
      throw new Failure("NETWORK", error instanceof Error ? error.message : String(error));
    }
  };
  let body = await post(extensions ? undefined : query);
  if (body.errors?.[0]?.extensions?.code === UNKNOWN_OPERATION) body = await post(query);
  if (body.errors?.length) throw failureOf(body.errors);
  const result = body.data?.result as Result;
  if (result && typeof result === "object" && "code" in result && "message" in result) {
    throw new Failure(String(result.code), String(result.message));
  }
  return result;
}
