import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { buildSchema, getOperationAST, getVariableValues, parse, validate } from "graphql";
import { emptyIds } from "../graphiql/empty-ids";
import { EXAMPLES } from "../graphiql/examples";

const schema = buildSchema(readFileSync("../schema.graphql", "utf8"));
const valuesOf = (variables: string) => JSON.parse(variables || "{}");

for (const { query, variables } of EXAMPLES) {
  const document = parse(query);
  const operation = getOperationAST(document);
  assert(operation, "a tab of several operations cannot run as it is");

  test(`the example ${operation.name?.value} is one that the server accepts`, () => {
    assert.deepEqual(validate(schema, document), []);
  });

  test(`the variables of the example ${operation.name?.value} are the ones it takes`, () => {
    const values = valuesOf(variables);
    const { errors } = getVariableValues(schema, operation.variableDefinitions ?? [], values);
    const declared = new Set(operation.variableDefinitions?.map(({ variable }) => variable.name.value));
    assert.deepEqual(errors, undefined);
    assert.deepEqual(Object.keys(values).filter((name) => !declared.has(name)), []);
  });
}

const WORKSPACE_SENTENCE = (place: string) =>
  `Put the workspace's id into Variables: ${place} is empty. The tab Workspaces shows the ids of yours.`;

const ABOUT_A_WORKSPACE: Record<string, string> = { Chat: "input.workspaceId", Conversations: "workspaceId", AddText: "input.workspaceId", Progress: "workspaceId" };

for (const { query, variables } of EXAMPLES) {
  const operation = getOperationAST(parse(query))!;
  const name = operation.name!.value;
  const place = ABOUT_A_WORKSPACE[name];

  test(`the example ${name} ${place ? "says what to put into Variables, until it is there" : "misses no id"}`, () => {
    assert.deepEqual(emptyIds(operation, valuesOf(variables)), place ? [WORKSPACE_SENTENCE(place)] : []);
    const filled = variables.replace('"workspaceId": ""', '"workspaceId": "V29ya3NwYWNl"');
    assert.deepEqual(emptyIds(operation, valuesOf(filled)), []);
  });
}

test("an id that is required is missed also where Variables has no place for it, and one that is not is not", () => {
  const operation = getOperationAST(parse("query ($documentId: ID!, $after: ID, $of: ID! = 1) { __typename }"))!;
  assert.deepEqual(emptyIds(operation, {}), ["Put the document's id into Variables: documentId is empty."]);
});

test("empty texts that are no ids are the person's own", () => {
  const operation = getOperationAST(parse("mutation ($name: String!, $input: LoginInput!) { __typename }"))!;
  assert.deepEqual(emptyIds(operation, { name: "", input: { password: "", paid: "", valid: "" } }), []);
});
