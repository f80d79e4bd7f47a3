// The published types, as consumers compile against them. The assertions themselves are in `types/`.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, test } from "node:test";
import ts from "typescript";
import { OPERATIONS } from "./support/operations.mjs";

const types = new URL("../types/", import.meta.url);
const installed = new URL("../node_modules/pipedrive-users/", import.meta.url);

/** Compiles the consumer in `types/` with a TypeScript, and returns its output. */
async function compile(typescript, options) {
  const folder = new URL("../../target/tmp/types/", import.meta.url);
  await mkdir(folder, { recursive: true });
  const project = fileURLToPath(new URL(`${typescript}-${Object.values(options).flat().join("-")}.json`, folder));
  const base = fileURLToPath(new URL("tsconfig.base.json", types));
  // A bundler's modules are of one kind.
  const include = (options.moduleResolution === "bundler" ? ["*.ts"] : ["*.ts", "*.cts"]).map((files) => fileURLToPath(new URL(files, types)));
  await writeFile(project, JSON.stringify({ extends: base, compilerOptions: options, include }));
  const child = spawn(process.execPath, [fileURLToPath(new URL(`../node_modules/${typescript}/bin/tsc`, import.meta.url)), "--project", project, "--pretty", "false"], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  for await (const chunk of child.stdout) text += chunk;
  return text;
}

const RESOLUTIONS = {
  node16: { module: "node16", moduleResolution: "node16" },
  nodenext: { module: "nodenext", moduleResolution: "nodenext" },
  bundler: { module: "esnext", moduleResolution: "bundler", isolatedModules: true },
};

// The oldest TypeScript that is supported, the last of the old compiler, and the newest; each compiler takes a core.
describe("consumers compile", { concurrency: 2 }, () => {
  for (const typescript of ["typescript-5.0", "typescript", "typescript-newest"]) {
    for (const [name, options] of Object.entries(RESOLUTIONS)) {
      test(`a strict consumer compiles with ${typescript} and ${name}`, { timeout: 120_000 }, async () => {
        assert.equal(await compile(typescript, options), "");
      });
    }
    test(`a worker, which has no DOM, compiles with ${typescript}`, { timeout: 120_000 }, async () => {
      assert.equal(await compile(typescript, { ...RESOLUTIONS.nodenext, lib: ["ES2022", "WebWorker"] }), "");
    });
  }
});

// [a wrong call, the compiler's message]
const WRONG = [
  ['client.getUser("7")', /'string' is not assignable to parameter of type 'number'/],
  ["client.getUsers({ limit: 5 })", /'limit' does not exist in type 'CallOptions'/],
  ["client.findUsersByName()", /Expected 1-2 arguments, but got 0/],
  ["client.getUserFollowers(7, { start: 5 })", /'start' does not exist/],
  ["client.addUser({ access: [] })", /Property 'email' is missing/],
  ["client.updateUser(7, {})", /Property 'active_flag' is missing/],
  ["client.getUserById(7)", /Property 'getUserById' does not exist on type 'UsersClient'/],
  ['new UsersClient({ apiToken: "a", accessToken: "b" })', /'string' is not assignable to type '(undefined|never)'|not assignable to parameter of type 'UsersClientConfig'/],
  ["new UsersClient({ timeout: 5, apiToken: 't' })", /'timeout' does not exist/],
  ["(await client.getUser(7)).nmae", /Property 'nmae' does not exist on type 'User'/],
  ['isPipedriveError(0, "rate_limited")', /'"rate_limited"' is not assignable to parameter of type 'ErrorKind'/],
];

for (const [index, [code, message]] of WRONG.entries()) {
  test(`the compiler explains what is wrong with ${code}`, () => {
    const { service, file } = inEditor(`import { UsersClient, isPipedriveError } from "pipedrive-users";\ndeclare const client: UsersClient;\nexport const wrong = async () => ${code};\n`, `wrong-${index}.ts`);
    const texts = service.getSemanticDiagnostics(file).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
    assert.equal(texts.length, 1, texts.join("; "));
    assert.match(texts[0], message);
  });
}

test("the declarations are the same for both kinds of modules", async () => {
  for (const name of ["index", "sandbox", "server", "slim"]) assert.equal(await readFile(new URL(`dist/${name}.d.cts`, installed), "utf8"), (await readFile(new URL(`dist/${name}.d.ts`, installed), "utf8")).replaceAll("./index.js", "./index.cjs"));
});

test("the declarations need no other library's types, and hold no leftover of their making", async () => {
  for (const file of ["dist/index.d.ts", "dist/sandbox.d.ts", "dist/server.d.ts", "dist/slim.d.ts"]) {
    const text = await readFile(new URL(file, installed), "utf8");
    for (const leftover of ["@internal", "reference types", "Symbol.dispose", "wasm_bindgen", "__wbg", ": any", "<any", "any[]", "TODO", "undefined | undefined"]) {
      assert.ok(!text.includes(leftover), `${file} holds ${leftover}`);
    }
    assert.ok(!/(?<!\w)r#?"/.test(text), `${file} holds a raw string of Rust`);
    // The client is declared once: what has it too names it.
    for (const [, from] of text.matchAll(/\b(?:import|export)\b.*\bfrom ['"](.*)['"]/g)) assert.ok(from === "./index.js" && /sandbox|server|slim/.test(file), `${file} imports ${from}`);
  }
});

/** What uses each operation. */
const EVERY = `import { UsersClient, User, CurrentUser, UserPermissions, RoleSettings, RoleAssignment, Follower, Access, Language, UsersClientConfig, PipedriveError } from "pipedrive-users";\ndeclare const client: UsersClient;\n${OPERATIONS.map(({ name }) => `client.${name};`).join("\n")}\n`;

/** A text as an editor sees it. */
function inEditor(text = EVERY, name = "editor.ts") {
  const file = fileURLToPath(new URL(name, types));
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

/** What is a runtime's or a library's, of which the package uses these members. */
const FOREIGN = ["Logger", "DenoKv", "LimitsStorage", "NodeRequest", "NodeResponse", "ObjectNamespace", "ObjectStorage", "RedisClient"];

test("every member of every public model, setting and error has a description", () => {
  const { service } = inEditor('import "pipedrive-users/server";\n', "entries.ts");
  const program = service.getProgram();
  const checker = program.getTypeChecker();
  // With all that the client's entry has.
  const source = program.getSourceFile(fileURLToPath(new URL("dist/server.d.ts", installed)));
  let members = 0;
  for (const symbol of checker.getExportsOfModule(checker.getSymbolAtLocation(source))) {
    const own = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const described = (one) => ts.displayPartsToString(one.getDocumentationComment(checker)).length > 0;
    assert.ok(described(own) || own.name === "ENDPOINTS", `${own.name} has no description`);
    if (!(own.flags & ts.SymbolFlags.Interface)) continue;
    for (const member of checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(own))) {
      members++;
      assert.ok(described(member) || FOREIGN.includes(own.name), `${own.name}.${member.name} has no description`);
    }
  }
  assert.ok(members > 100, `${members} members`);
});
