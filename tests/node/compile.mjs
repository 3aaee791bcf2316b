// Compiles operations with the two compilers that front ends generate code with, and exits with what they refuse.
//   node compile.mjs schema.graphql operations.graphql scalars.json folder
// `scalars.json` maps each custom scalar to its TypeScript type; a scalar that is not mapped is refused. `folder` gets the code.
import { codegen } from "@graphql-codegen/core";
import * as typescript from "@graphql-codegen/typescript";
import * as typescriptOperations from "@graphql-codegen/typescript-operations";
import { buildSchema, getOperationAST, parse, print } from "graphql";
import { execFileSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const [schemaFile, operationsFile, scalarsFile, folder] = process.argv.slice(2).map((path) => resolve(path));
const text = await readFile(schemaFile, "utf8");
const operations = parse(await readFile(operationsFile, "utf8"));
const scalars = JSON.parse(await readFile(scalarsFile, "utf8"));
await mkdir(folder, { recursive: true });

async function runCodegen() {
  const code = await codegen({
    filename: "types.ts",
    schema: parse(text),
    schemaAst: buildSchema(text),
    documents: [{ location: operationsFile, document: operations }],
    config: { scalars, strictScalars: true },
    plugins: [{ typescript: {} }, { typescriptOperations: {} }],
    pluginMap: { typescript, typescriptOperations },
  });
  await writeFile(join(folder, "types.ts"), code);
}

// Relay wants each operation in a module that has the operation's name, without its kind.
async function runRelay() {
  for (const definition of operations.definitions) {
    const { operation, name } = getOperationAST({ kind: "Document", definitions: [definition] });
    const kind = operation[0].toUpperCase() + operation.slice(1);
    const module = name.value.slice(0, -kind.length);
    await writeFile(join(folder, `${module}.ts`), `graphql\`\n${print(definition)}\n\`;\n`);
  }
  const config = join(folder, "relay.config.json");
  const settings = { src: folder, schema: schemaFile, language: "typescript", noFutureProofEnums: true };
  const strict = { customScalarTypes: scalars, requireCustomScalarTypes: true };
  await writeFile(config, JSON.stringify({ ...settings, ...strict, artifactDirectory: join(folder, "artefacts") }));
  await mkdir(join(folder, "artefacts"), { recursive: true });
  const compiler = createRequire(import.meta.url)("relay-compiler");
  execFileSync(compiler, [config], { stdio: "pipe", cwd: folder });
}

let refused = false;
for (const [name, run] of Object.entries({ "graphql-codegen": runCodegen, "relay-compiler": runRelay })) {
  try {
    await run();
    console.log(`${name}: compiled`);
  } catch (error) {
    refused = true;
    console.log(`${name}: refused\n${error.stderr ?? ""}${error.stdout ?? ""}${error.message}`);
  }
}
process.exitCode = refused ? 1 : 0;
