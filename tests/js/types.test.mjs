// The published types, as consumers compile against them. The assertions themselves are in `types/`.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import ts from "typescript";
import { OPERATIONS } from "./support/operations.mjs";

const types = new URL("../types/", import.meta.url);
const installed = new URL("../node_modules/pipedrive-users/", import.meta.url);
const tsc = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));

async function compile(project) {
  const child = spawn(process.execPath, [tsc, "--project", fileURLToPath(new URL(project, types)), "--pretty", "false"], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  for await (const chunk of child.stdout) text += chunk;
  return text;
}

for (const project of ["tsconfig.nodenext.json", "tsconfig.bundler.json"]) {
  test(`a strict consumer compiles with ${project}`, async () => {
    assert.equal(await compile(project), "");
  });
}

test("the declarations need no other library's types, and hold no leftover of their making", async () => {
  for (const file of ["dist/index.d.ts", "dist/sandbox.d.ts"]) {
    const text = await readFile(new URL(file, installed), "utf8");
    for (const leftover of ["@internal", "reference types", "Symbol.dispose", "wasm_bindgen", "__wbg", ": any", "<any", "any[]", "TODO", "undefined | undefined"]) {
      assert.ok(!text.includes(leftover), `${file} holds ${leftover}`);
    }
    assert.ok(!/(?<!\w)r#?"/.test(text), `${file} holds a raw string of Rust`);
    assert.ok(!/\bimport\b.*from/.test(text), `${file} imports`);
  }
});

/** The client's class as an editor sees it. */
function inEditor() {
  const file = fileURLToPath(new URL("editor.ts", types));
  const text = `import { UsersClient, User, CurrentUser, UserPermissions, RoleSettings, RoleAssignment, Follower, Access, Language, UsersClientConfig, PipedriveError } from "pipedrive-users";\ndeclare const client: UsersClient;\n${OPERATIONS.map(({ name }) => `client.${name};`).join("\n")}\n`;
  const host = {
    getCompilationSettings: () => ({ module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, target: ts.ScriptTarget.ES2022, strict: true, types: [] }),
    getScriptFileNames: () => [file],
    getScriptVersion: () => "1",
    getScriptSnapshot: (name) => {
      const found = name === file ? text : ts.sys.readFile(name);
      return found === undefined ? undefined : ts.ScriptSnapshot.fromString(found);
    },
    getCurrentDirectory: () => fileURLToPath(types),
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (name) => name === file || ts.sys.fileExists(name),
    readFile: (name) => (name === file ? text : ts.sys.readFile(name)),
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  };
  return { service: ts.createLanguageService(host), file, text };
}

const { service, file, text } = inEditor();

for (const { name, method, path, cost, scope } of OPERATIONS) {
  test(`the editor shows ${name}'s HTTP line, cost and scope`, () => {
    const info = service.getQuickInfoAtPosition(file, text.indexOf(`client.${name};`) + "client.".length);
    const documentation = ts.displayPartsToString(info.documentation);
    assert.ok(documentation.includes(`\`${method} ${path}\``), documentation);
    assert.match(documentation, new RegExp(`\\bcost ${cost}\\b`));
    assert.ok(documentation.includes(`\`${scope}\``), documentation);
    if (path.includes("{id}")) assert.ok(info.tags?.some((tag) => tag.name === "param" && ts.displayPartsToString(tag.text).startsWith("id")), "the parameter id is not explained");
  });
}

test("every member of every public model, setting and error has a description", () => {
  const program = service.getProgram();
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(fileURLToPath(new URL("dist/index.d.ts", installed)));
  let members = 0;
  for (const symbol of checker.getExportsOfModule(checker.getSymbolAtLocation(source))) {
    const own = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const described = (one) => ts.displayPartsToString(one.getDocumentationComment(checker)).length > 0;
    assert.ok(described(own) || own.name === "ENDPOINTS", `${own.name} has no description`);
    if (!(own.flags & ts.SymbolFlags.Interface)) continue;
    for (const member of checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(own))) {
      members++;
      // A logger's four methods say what they are by their names.
      assert.ok(described(member) || own.name === "Logger", `${own.name}.${member.name} has no description`);
    }
  }
  assert.ok(members > 100, `${members} members`);
});
