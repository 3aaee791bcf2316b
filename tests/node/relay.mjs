// Checks a file in the schema language against Relay's rules and for descriptions, and prints what it finds as JSON.
import plugin from "@graphql-eslint/eslint-plugin";
import { ESLint } from "eslint";
import { readFile } from "node:fs/promises";

const schema = process.argv[2];
const lint = new ESLint({
  overrideConfigFile: true,
  overrideConfig: {
    files: ["**/*.graphql"],
    languageOptions: { parser: plugin.parser, parserOptions: { graphQLConfig: { schema } } },
    plugins: { "@graphql-eslint": plugin },
    rules: {
      ...plugin.configs["flat/schema-relay"].rules,
      // Options beyond Relay's specification: with the first, no list could hold anything but edges, not even words; with
      // the second, none could hold members of a workspace, which are told by their e-mail and have no identifier.
      "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false }],
      "@graphql-eslint/require-description": [
        "error",
        { types: true, rootField: true, FieldDefinition: true, InputValueDefinition: true, EnumValueDefinition: true, DirectiveDefinition: true },
      ],
    },
  },
});
const [{ messages }] = await lint.lintText(await readFile(schema, "utf8"), { filePath: "schema.graphql" });
console.log(JSON.stringify(messages.map(({ line, ruleId, message }) => ({ line, ruleId, message }))));
