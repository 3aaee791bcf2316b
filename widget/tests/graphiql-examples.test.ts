import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { buildSchema, getOperationAST, getVariableValues, parse, validate } from "graphql";
import { EXAMPLES } from "../graphiql/examples";

const schema = buildSchema(readFileSync("../schema.graphql", "utf8"));

for (const { query, variables } of EXAMPLES) {
  const document = parse(query);
  const operation = getOperationAST(document);
  assert(operation, "a tab of several operations cannot run as it is");

  test(`the example ${operation.name?.value} is one that the server accepts`, () => {
    assert.deepEqual(validate(schema, document), []);
  });

  test(`the variables of the example ${operation.name?.value} are the ones it takes`, () => {
    const values = JSON.parse(variables);
    const { errors } = getVariableValues(schema, operation.variableDefinitions ?? [], values);
    const declared = new Set(operation.variableDefinitions?.map(({ variable }) => variable.name.value));
    assert.deepEqual(errors, undefined);
    assert.deepEqual(Object.keys(values).filter((name) => !declared.has(name)), []);
  });
}
