// The client with a module that the caller supplies, and the module loaded early.
import { preload, UsersClient } from "pipedrive-users";
import * as slim from "pipedrive-users/slim";
import type { Expect, Same } from "./assert.js";

export type Shapes = [
  Expect<Same<ReturnType<typeof preload>, Promise<void>>>,
  Expect<Same<ReturnType<typeof slim.init>, Promise<void>>>,
  Expect<Same<slim.User["id"], number>>,
];

declare const module: WebAssembly.Module;

export async function use() {
  await preload();
  await slim.init(module);
  await slim.init(new Uint8Array(8));
  await slim.init(new ArrayBuffer(8));
  await slim.init("https://cdn.example/core.wasm");
  await slim.init(new URL("https://cdn.example/core.wasm"));
  await slim.init(fetch("https://cdn.example/core.wasm"));
  // @ts-expect-error it takes nothing
  await preload("now");
  const { name } = await new slim.UsersClient({ baseUrl: "https://backend.example" }).getUser(7);
  const client: UsersClient = new UsersClient({ baseUrl: "https://backend.example" });
  return [name, client];
}
