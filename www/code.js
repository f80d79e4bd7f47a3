import { h } from "./dom.js";

/** Code as text, and text as coloured code. */

/** A value as JavaScript, on one line where it is short. */
function literal(value, indent = "") {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined";
  const inner = `${indent}  `;
  const list = Array.isArray(value);
  const parts = list ? value.map((item) => literal(item, inner)) : Object.entries(value).map(([key, item]) => `${key}: ${literal(item, inner)}`);
  const short = parts.join(", ");
  if (short.length < 52 && !short.includes("\n")) return list ? `[${short}]` : `{ ${short} }`.replace("{  }", "{}");
  return [list ? "[" : "{", ...parts.map((part) => `${inner}${part},`), indent + (list ? "]" : "}")].join("\n");
}

/** The statement that makes a call. */
export function callCode(operation, { before, options }) {
  const given = [...before, ...(Object.keys(options).length ? [options] : [])].map((value) => literal(value));
  const result = operation.params.some((param) => param.goesOn) ? "data: page" : "data";
  return `const { ${result}, response } = await client\n  .${operation.name}(${given.join(", ").replaceAll("\n", "\n  ")})\n  .withResponse();`;
}

/** The lines that make the client of a session. */
export const clientCode = (config) => `const client = new UsersClient(${literalOfCode(config)});`;

/** An object whose values are code already. */
function literalOfCode(members) {
  return `{\n${Object.entries(members).map(([key, code]) => `  ${key}: ${code},\n`).join("")}}`;
}

export { literal };

const TOKENS = /(?<comment>\/\/[^\n]*)|(?<key>"(?:\\.|[^"\\])*"(?=\s*:))|(?<text>"(?:\\.|[^"\\])*")|\b(?<word>import|from|const|await|new|true|false|null|undefined)\b|(?<number>-?\b\d+(?:\.\d+)?\b)/g;

/** Coloured code. */
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
