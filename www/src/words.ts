/**
 * How values read: dates, ages, sizes and counts, in the reader's own language and time zone.
 */

const numbers = new Intl.NumberFormat();
const ages = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const days = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const months = new Intl.DateTimeFormat(undefined, { month: "long", year: "numeric" });
const times = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export const count = (value: number): string => numbers.format(value);

/** “1 entry”, “3,512 entries”. */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

/** A `date` column has no time zone: it is read as that day here. */
export const day = (date: string): string => days.format(new Date(`${date.slice(0, 10)}T00:00`));

export const month = (date: string): string => months.format(new Date(`${date.slice(0, 10)}T00:00`));

export const time = (timestamp: string | number): string => times.format(new Date(timestamp));

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

/** “3 minutes ago”; the last minute is “just now”. */
export function age(since: number, now: number): string {
  const passed = Math.max(0, now - since);
  const step = STEPS.find(([, ms]) => passed >= ms);
  return step ? ages.format(-Math.floor(passed / step[1]), step[0]) : "just now";
}

const SIZES = ["bytes", "kB", "MB", "GB"];

export function bytes(value: number): string {
  const step = value < 1_000 ? 0 : Math.min(SIZES.length - 1, Math.floor(Math.log10(value) / 3));
  const shown = value / 1_000 ** step;
  return `${shown >= 100 || step === 0 ? Math.round(shown) : shown.toFixed(1)} ${SIZES[step]}`;
}

/** Today as a `date` column holds it. */
export function today(): string {
  const now = new Date();
  const pad = (value: number): string => String(value).padStart(2, "0");
  return `${now.getFullYear()}-${pad(now.getMonth() + 1)}-${pad(now.getDate())}`;
}
