import { h } from "./dom.js";

/** Generates the code of a call and highlights code. */

/** Returns a value as a JavaScript literal, on one line if it is short. */
export function literal(value, indent = "") {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined";
  const inner = `${indent}  `;
  const isArray = Array.isArray(value);
  const parts = isArray ? value.map((item) => literal(item, inner)) : Object.entries(value).map(([key, item]) => `${key}: ${literal(item, inner)}`);
  const oneLine = parts.join(", ");
  if (oneLine.length < 52 && !oneLine.includes("\n")) return isArray ? `[${oneLine}]` : `{ ${oneLine} }`.replace("{  }", "{}");
  return [isArray ? "[" : "{", ...parts.map((part) => `${inner}${part},`), indent + (isArray ? "]" : "}")].join("\n");
}

/** Returns the statement that makes a call. */
export function callCode(operation, { positional, options }) {
  const args = [...positional, ...(Object.keys(options).length ? [options] : [])].map((value) => literal(value));
  const result = operation.params.some((param) => param.nextField) ? "data: page" : "data";
  return `const { ${result}, response } = await client\n  .${operation.name}(${args.join(", ").replaceAll("\n", "\n  ")})\n  .withResponse();`;
}

/** Returns the statement that creates a client. The values of `config` are code. */
export const clientCode = (config) =>
  `const client = new UsersClient({\n${Object.entries(config).map(([key, code]) => `  ${key}: ${code},\n`).join("")}});`;

const TOKENS = /(?<comment>\/\/[^\n]*)|(?<key>"(?:\\.|[^"\\])*"(?=\s*:))|(?<text>"(?:\\.|[^"\\])*")|\b(?<word>import|from|const|await|new|true|false|null|undefined)\b|(?<number>-?\b\d+(?:\.\d+)?\b)/g;

/** Returns a `code` element with syntax highlighting. */
export function highlight(text) {
  const code = h("code");
  let end = 0;
  for (const match of text.matchAll(TOKENS)) {
    const [kind] = Object.entries(match.groups).find(([, found]) => found !== undefined);
    code.append(text.slice(end, match.index), h(`span.c-${kind}`, {}, match[0]));
    end = match.index + match[0].length;
  }
  code.append(text.slice(end));
  return code;
}
