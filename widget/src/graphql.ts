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

interface Refusal {
  message: string;
  extensions?: { code?: string };
}

/** The failure told by the `errors` of a GraphQL response. */
export function failureOf(errors: readonly Refusal[]): Failure {
  const first = errors[0];
  return new Failure(first?.extensions?.code ?? "INTERNAL", first?.message ?? "The server gave no reason.");
}

/**
 * Asks one operation whose only root field is called `result`.
 * A result that implements `UserError`, asked as `... on UserError { code reason: message }`, is thrown as a `Failure`.
 */
export async function request<Result>(
  endpoint: URL,
  query: string,
  variables: Record<string, unknown>,
  token?: string,
): Promise<Result> {
  const headers: Record<string, string> = {
    "content-type": "application/json",
    accept: "application/graphql-response+json, application/json",
  };
  if (token) headers["authorization"] = `Bearer ${token}`;
  let body: { data?: { result?: Result | null } | null; errors?: Refusal[] };
  try {
    const response = await fetch(endpoint, {
      method: "POST",
      headers,
      credentials: "omit",
      body: JSON.stringify({ query, variables }),
    });
    body = await response.json();
  } catch (error) {
    throw new Failure("NETWORK", error instanceof Error ? error.message : String(error));
  }
  if (body.errors?.length) throw failureOf(body.errors);
  const result = body.data?.result as Result;
  if (result && typeof result === "object" && "code" in result && "reason" in result) {
    throw new Failure(String(result.code), String(result.reason));
  }
  return result;
}
