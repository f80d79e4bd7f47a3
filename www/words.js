/** Numbers and times as people read them. */

const number = new Intl.NumberFormat("en");
const date = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });
const day = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeZone: "UTC" });
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

export const count = (value) => number.format(value);
export const some = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;
export const dateOf = (value) => day.format(value);
export const moment = (value) => `${date.format(value)} UTC`;
export const timeOfDay = (value) => clock.format(value);

export function duration(milliseconds) {
  if (milliseconds >= 120_000) return `${count(Math.round(milliseconds / 60_000))} min`;
  if (milliseconds >= 2000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}
