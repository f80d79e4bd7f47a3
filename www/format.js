/** Formats numbers, dates and durations for display. */

const number = new Intl.NumberFormat("en");
const day = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeZone: "UTC" });
const dayAndTime = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

export const formatNumber = (value) => number.format(value);
export const plural = (count, singular, pluralForm = `${singular}s`) => `${formatNumber(count)} ${count === 1 ? singular : pluralForm}`;
export const formatDate = (date) => day.format(date);
export const formatDateTime = (date) => `${dayAndTime.format(date)} UTC`;
export const formatLocalTime = (date) => clock.format(date);

export function formatDuration(milliseconds) {
  if (milliseconds >= 120_000) return `${formatNumber(Math.round(milliseconds / 60_000))} min`;
  if (milliseconds >= 2000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}
