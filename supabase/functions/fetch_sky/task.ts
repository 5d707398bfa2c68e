// Sky data for a person's caches (RECIPES 5.6, 9): the function answers and writes nothing, the device writes the cache row.
import type { Task } from '../_shared/handle.ts';
import { invalid } from '../_shared/refusal.ts';
import { type BirthData, chart, cosmic, type Place } from './sources.ts';

const CHARTS = ['natal', 'transits', 'trading'];
const NAME_CHARS = 500;

type Location = Partial<Place> & { city?: string; country?: string };
type Asked = { kind: string; date?: string; location: Location; birth_data?: BirthData };

export const sky: Task<Asked> = {
  takes: 'fetch_sky',
  parse(body) {
    const { kind, date, location, birth_data } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
    const day = (date ?? null) === null ? undefined : dayOf(date, 'date');
    if (kind === 'cosmic') return { kind, date: day, location: locationOf(location ?? {}) };
    if (typeof kind !== 'string' || !CHARTS.includes(kind)) throw invalid('kind must be "cosmic", "natal", "transits" or "trading"');
    return { kind, date: day, location: {}, birth_data: birthOf(birth_data) };
  },
  answer: ({ kind, date, location, birth_data }, _caller, project) =>
    birth_data ? chart(project, kind, birth_data, date) : cosmic(project, date, location),
};

function dayOf(date: unknown, name: string): string {
  const isDay = typeof date === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(date);
  const at = isDay ? Date.parse(`${date}T12:00:00Z`) : NaN;
  if (!isDay || Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== date) throw invalid(`${name} must be a day as 2026-03-10`);
  return date;
}

function objectOf(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(`${name} must be an object`);
  return value as Record<string, unknown>;
}

function degrees(value: unknown, name: string, max: number): number {
  if (typeof value !== 'number' || !(Math.abs(value) <= max)) throw invalid(`${name} must be a number from -${max} to ${max}`);
  return value;
}

const placeOf = (given: Record<string, unknown>, name: string): Place =>
  ({ latitude: degrees(given.latitude, `${name}.latitude`, 90), longitude: degrees(given.longitude, `${name}.longitude`, 180) });

/** Without latitude and longitude it is no place, and only its names are kept. */
function locationOf(value: unknown): Location {
  const given = objectOf(value, 'location');
  const has = (name: string) => (given[name] ?? null) !== null;
  const location: Location = has('latitude') || has('longitude') ? placeOf(given, 'location') : {};
  for (const name of ['city', 'country'] as const) {
    if (!has(name)) continue;
    const text = given[name];
    if (typeof text !== 'string' || text.length > NAME_CHARS) throw invalid(`location.${name} must be a text of at most ${NAME_CHARS} characters`);
    location[name] = text;
  }
  return location;
}

function birthOf(value: unknown): BirthData {
  const given = objectOf(value, 'birth_data');
  const time = given.time;
  if (typeof time !== 'string' || !/^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/.test(time)) throw invalid('birth_data.time must be a time as 07:30');
  return { date: dayOf(given.date, 'birth_data.date'), time, ...placeOf(given, 'birth_data') };
}
