// Data is returned unmodified: the caller gets what the server sent.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { UsersClient } from "pipedrive-users";
import { serve } from "./support/server.mjs";

let body;
const server = await serve((_, response) => response.writeHead(200, { "content-type": "application/json" }).end(body));
after(() => server.close());
const client = new UsersClient({ baseUrl: server.url });

/** Calls `getUser` on a server whose `data` is this text. */
async function user(text) {
  body = `{"success":true,"data":${text}}`;
  return client.getUser(7);
}

test("a record of Pipedrive's own documentation", async () => {
  const record = {
    id: 1, name: "Me", default_currency: "EUR", locale: "et_EE", lang: 1, email: "me@pipedrive.com", phone: "0000-0000", activated: true,
    last_login: "2019-11-21 08:45:56", created: "2018-11-13 09:16:26", modified: "2019-11-21 08:45:56", has_created_company: true,
    access: [{ app: "sales", admin: true, permission_set_id: "62cc4d7f-4038-4352-abf3-a8c1c822b631" }, { app: "account_settings", admin: true, permission_set_id: "982c5ce5-b8ba-4b47-b102-9da024f4b990" }],
    active_flag: true, timezone_name: "Europe/Berlin", timezone_offset: "+03:00", role_id: 1, icon_url: "https://upload.example/icon.png", is_you: true, is_deleted: false,
    company_id: 54235233, company_name: "Pipedrive", company_domain: "pipedrive-12g53f", company_country: "EE", company_industry: "IT Services", language: { language_code: "en", country_code: "US" },
  };
  body = JSON.stringify({ success: true, data: record });
  assert.deepEqual(await client.getCurrentUser(), record);
});

test("unknown members stay, at every depth", async () => {
  const text = '{"id":7,"new_member":{"deep":[1,{"deeper":null}]},"access":[{"app":"sales","admin":false,"since":"2027"}]}';
  assert.deepEqual(await user(text), JSON.parse(text));
});

test("unknown values of enumerations and unknown permissions stay", async () => {
  assert.equal((await user('{"access":[{"app":"app_of_2030","admin":true}]}')).access[0].app, "app_of_2030");
  body = '{"success":true,"data":{"can_fly":true,"can_use_api":false,"quota":7}}';
  assert.deepEqual(await client.getUserPermissions(7), { can_fly: true, can_use_api: false, quota: 7 });
  body = '{"success":true,"data":{"deal_default_visibility":9,"lead_default_visibility":"3"}}';
  assert.deepEqual(await client.getUserRoleSettings(7), { deal_default_visibility: 9, lead_default_visibility: "3" });
});

test("members of another type than documented stay as they came", async () => {
  const text = '{"id":"7","role_id":"1","is_admin":1,"active_flag":0,"access":null,"last_login":"0000-00-00 00:00:00"}';
  assert.deepEqual(await user(text), JSON.parse(text));
});

test("null stays null, and what is missing stays missing", async () => {
  const got = await user('{"phone":null,"icon_url":null,"modified":null}');
  assert.deepEqual(Object.entries(got), [["phone", null], ["icon_url", null], ["modified", null]]);
  assert.equal("last_login" in got, false);
});

test("a list whose data is null or missing is an empty list", async () => {
  for (body of ['{"success":true,"data":null}', '{"success":true}', '{"success":true,"data":[]}', '{"success":true,"data":null,"additional_data":null}']) {
    assert.deepEqual(await client.getUsers(), []);
    assert.deepEqual(await client.findUsersByName("x"), []);
    assert.deepEqual((await client.getUserFollowers(7)).items, []);
    assert.deepEqual((await client.getUserRoleAssignments(7)).items, []);
    assert.deepEqual(await client.getUserFollowers(7).toArray({ limit: 5 }), []);
  }
});

test("items of lists come whole, null among them too", async () => {
  body = '{"success":true,"data":[{"user_id":1,"add_time":"2021-01-01T00:00:00Z","why":"x"},null,7]}';
  assert.deepEqual((await client.getUserFollowers(7)).items, [{ user_id: 1, add_time: "2021-01-01T00:00:00Z", why: "x" }, null, 7]);
});

test("escaped slashes, escapes and any Unicode", async () => {
  assert.equal((await user('{"timezone_name":"Europe\\/Warsaw"}')).timezone_name, "Europe/Warsaw");
  const names = ["Ольга", "李小龍", "a\u0000b", "💡👩‍🚀", "\u2028\u2029", "e\u0301", "\ud800", '"\\\b\f\n\r\t'];
  for (const name of names) {
    assert.equal((await user(JSON.stringify({ name }))).name, name);
    const escaped = [...JSON.stringify(name).slice(1, -1)].flatMap((part) => part.split("")).map((unit) => (unit > "\x7e" ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}` : unit)).join("");
    assert.equal((await user(`{"name":"${escaped}"}`)).name, name);
  }
});

test("numbers as the engine reads them", async () => {
  const text = '{"id":9007199254740991,"a":9007199254740993,"b":-0.0,"c":1e308,"d":0.1,"e":123456789012345678901234567890,"f":1E-7}';
  assert.deepEqual(await user(text), JSON.parse(text));
  assert.equal((await user(text)).id, Number.MAX_SAFE_INTEGER);
});

test("members keep their order, and none is special", async () => {
  const text = '{"z":1,"a":2,"__proto__":{"polluted":true},"constructor":3,"toString":4,"m":5,"then":6,"":7}';
  const got = await user(text);
  assert.deepEqual(Object.keys(got), Object.keys(JSON.parse(text)));
  assert.equal(JSON.stringify(got), text);
  assert.equal({}.polluted, undefined);
});

test("a record that has a function's name for a member is data, and nothing is called", async () => {
  const text = '{"then":"now","toJSON":"no","catch":null}';
  assert.deepEqual(Object.entries(await user(text)), Object.entries(JSON.parse(text)));
});

test("the envelope's order, blanks, unknown members and a byte order mark do not matter", async () => {
  for (body of [
    '\n\t {"data" : {"id":7} ,\r\n "success":true}\n',
    '{"deprecation_warning":{"#":"Warning!"},"data":{"id":7},"related_objects":{"user":{}},"success":true,"new":[1]}',
    '\ufeff{"success":true,"data":{"id":7}}',
    '{"success":true,"data":{"id":7},"additional_data":{"company_id":1}}',
    '{"success":true,"data":{"id":7},"error":null,"additional_data":[]}',
  ]) {
    assert.deepEqual(await client.getUser(7), { id: 7 });
  }
});

test("ten thousand users come whole", async () => {
  const users = Array.from({ length: 10_000 }, (_, index) => ({ id: index + 1, name: `User ${index} ü`, access: [{ app: "sales", admin: index % 2 === 0 }], phone: null }));
  body = JSON.stringify({ success: true, data: users });
  assert.deepEqual(await client.getUsers(), users);
});
