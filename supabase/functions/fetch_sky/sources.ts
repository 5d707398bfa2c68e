// Where sky data come from: a provider, if its key is among the project's secrets, or the built-in moon, which needs none. A provider's
// JSON is answered as it is, and is told a place or birth data and a day, nothing of the caller. Nothing is stored.
import type { Project } from '../_shared/caller.ts';
import { posted, providerJson } from '../_shared/provider.ts';
import { moonAt } from './moon.ts';

const ASTRONOMY_URL = 'https://api.ipgeolocation.io/v3/astronomy';

export interface Place {
  latitude: number;
  longitude: number;
}

/** `date` and `time` are local to the place. */
export interface BirthData extends Place {
  date: string;
  time: string;
}

export async function cosmic(project: Project, date: string | undefined, location: Partial<Place>): Promise<object> {
  const key = project.env('IPGEOLOCATION_API_KEY');
  // Without a place a provider would take this server's.
  if (key && location.latitude !== undefined && location.longitude !== undefined) {
    const query = new URLSearchParams({ apiKey: key, lat: String(location.latitude), long: String(location.longitude), ...date ? { date } : {} });
    return await providerJson(project, `${project.env('IPGEOLOCATION_URL') ?? ASTRONOMY_URL}?${query}`) as object;
  }
  const at = date ? Date.parse(`${date}T12:00:00Z`) : Date.now();
  return { origin: 'local', location, astronomy: { date: new Date(at).toISOString().slice(0, 10), moon: moonAt(at) } };
}

/** Charts: the provider gets `{birth_data, date?}` by POST at `<ASTROLOGY_URL>/<kind>`. */
export async function chart(project: Project, kind: string, birth_data: BirthData, date: string | undefined): Promise<object> {
  const [key, url] = [project.env('RAPIDAPI_KEY'), project.env('ASTROLOGY_URL')];
  if (!key || !url) return { origin: 'local' };
  const headers = { 'x-rapidapi-key': key, 'x-rapidapi-host': new URL(url).host };
  return await providerJson(project, `${url}/${kind}`, posted({ birth_data, date }, headers)) as object;
}
