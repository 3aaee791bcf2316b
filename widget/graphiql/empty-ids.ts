import type { OperationDefinitionNode, VariableDefinitionNode } from "graphql";

const SHOWN_BY: Record<string, string> = { workspace: " The tab Workspaces shows the ids of yours." };

/** Returns, in a sentence each, what to put into Variables: the ids without which the operation cannot run. */
export function emptyIds(operation: OperationDefinitionNode | undefined, variables: Record<string, unknown>): string[] {
  return (operation?.variableDefinitions ?? []).flatMap((definition) => emptyPlaces(definition, variables)).map(advice);
}

function emptyPlaces({ variable, type, defaultValue }: VariableDefinitionNode, variables: Record<string, unknown>): string[] {
  const name = variable.name.value;
  const value = variables[name];
  const isRequired = type.kind === "NonNullType" && defaultValue === undefined;
  const named = type.kind === "NonNullType" ? type.type : type;
  const isId = named.kind === "NamedType" && named.name.value === "ID";
  return isId && (isEmpty(value) || (isRequired && value == null)) ? [name] : emptyFields(value, name);
}

/** The places of empty ids within an input object: its fields say by their names that they are ids. */
function emptyFields(value: unknown, path: string): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, field]) => {
    const place = `${path}.${name}`;
    return /(^i|I)d$/.test(name) && isEmpty(field) ? [place] : emptyFields(field, place);
  });
}

const isEmpty = (value: unknown) => typeof value === "string" && value.trim() === "";

function advice(path: string): string {
  const owner = (path.split(".").at(-1) ?? "")
    .replace(/(^i|I)d$/, "")
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return `Put the ${owner && `${owner}'s `}id into Variables: ${path} is empty.${SHOWN_BY[owner] ?? ""}`;
}
