// The helpers, which need no client.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formattingLocale, identityKey, isAdmin, languageTag, parseTimestamp } from "pipedrive-users";

test("identityKey is company and user, so that one person in two companies is two", () => {
  assert.equal(identityKey({ company_id: 54235233, id: 1 }), "54235233:1");
  assert.notEqual(identityKey({ company_id: 1, id: 12 }), identityKey({ company_id: 11, id: 2 }));
});

test("languageTag is the interface's language", () => {
  const tag = (language_code, country_code) => languageTag({ locale: "et_EE", language: { language_code, country_code } });
  assert.equal(tag("en", "US"), "en-US");
  assert.equal(tag("pt", "BR"), "pt-BR");
  assert.equal(tag("et", "EE"), "et-EE");
  assert.equal(tag("en", ""), "en");
  assert.equal(tag("en", null), "en");
  assert.deepEqual(Intl.getCanonicalLocales(tag("fr", "FR")), ["fr-FR"]);
});

test("formattingLocale is the date and number format", () => {
  const locale = (locale) => formattingLocale({ locale, language: { language_code: "en", country_code: "US" } });
  assert.equal(locale("et_EE"), "et-EE");
  assert.equal(locale("en_US"), "en-US");
  assert.equal(locale("zh_Hant_TW"), "zh-Hant-TW");
  assert.equal(locale("en"), "en");
  assert.equal(new Intl.NumberFormat(locale("de_DE")).format(1.5), "1,5");
});

test("isAdmin: an app that is missing from access means no", () => {
  const access = [{ app: "sales", admin: true }, { app: "global", admin: false }, { app: "app_of_2030", admin: true }];
  assert.equal(isAdmin({ access }, "sales"), true);
  assert.equal(isAdmin({ access }, "global"), false);
  assert.equal(isAdmin({ access }, "app_of_2030"), true);
  assert.equal(isAdmin({ access }, "account_settings"), false);
  assert.equal(isAdmin({ access: [] }, "sales"), false);
  assert.equal(isAdmin({}, "sales"), false);
  assert.equal(isAdmin({ access: null }, "sales"), false);
});

test("parseTimestamp reads v1's times as UTC, and v2's", () => {
  for (const [text, iso] of [
    ["2019-11-21 08:45:56", "2019-11-21T08:45:56.000Z"],
    ["2024-02-29 23:59:59", "2024-02-29T23:59:59.000Z"],
    ["2021-01-01T00:00:00Z", "2021-01-01T00:00:00.000Z"],
    ["2024-05-20T08:30:00+03:00", "2024-05-20T05:30:00.000Z"],
    ["2024-05-20T08:30:00.125Z", "2024-05-20T08:30:00.125Z"],
  ]) {
    const date = parseTimestamp(text);
    assert.ok(date instanceof Date);
    assert.equal(date.toISOString(), iso, text);
  }
});

test("parseTimestamp is null for null, the zero date, and what is no time", () => {
  for (const text of [null, undefined, "", "0000-00-00 00:00:00", "never", "2019-11-21", "2019-13-01 00:00:00", "2019-01-32 00:00:00", "2019-01-01 25:00:00", "2019-01-01 00:00:61", " 2019-11-21 08:45:56", "2019-11-21 08:45:56 UTC"]) {
    assert.equal(parseTimestamp(text), null, String(text));
  }
});

test("parseTimestamp does not turn a day that does not exist into another day", () => {
  for (const text of ["2023-02-29 00:00:00", "2024-02-30 12:00:00", "2024-04-31 00:00:00"]) assert.equal(parseTimestamp(text), null, text);
});

test("no helper throws on a missing or null member, and nothing is made up of it", () => {
  const odd = [null, undefined, {}, "", 7, [], { company_id: null, id: null, locale: null, language: null, access: null }, { company_id: 0, id: 0, locale: "", language: {}, access: {} }, { company_id: 1.5, id: -1, locale: 7, language: "en", access: "sales" }, { company_id: {}, id: [], locale: {}, language: { language_code: null, country_code: "US" }, access: [null, undefined, "sales", {}, { app: "sales" }, { app: "sales", admin: "false" }] }];
  for (const record of odd) {
    const text = JSON.stringify(record);
    assert.equal(identityKey(record), "", text);
    assert.equal(languageTag(record), "und", text);
    assert.equal(formattingLocale(record), "und", text);
    assert.equal(isAdmin(record, "sales"), false, text);
    assert.equal(parseTimestamp(record), null, text);
  }
  for (const one of [{ company_id: 7 }, { id: 7 }, { company_id: 7, id: null }, { company_id: null, id: 7 }]) assert.equal(identityKey(one), "", JSON.stringify(one));
  assert.deepEqual(Intl.getCanonicalLocales(["und"]), ["und"]);
});

test("ids that come as text are the same account", () => {
  assert.equal(identityKey({ company_id: "12", id: "7" }), identityKey({ company_id: 12, id: 7 }));
});
