// Who calls, and the project as that user may use it: every request bears the caller's own token, so PostgreSQL decides what they
// may see. The claims are read, not believed: no request of ours does anything before PostgREST has checked the token.
import { invalid, Refusal } from './refusal.ts';

const UPSTREAM_MS = 50_000;
/** PostgREST's statuses that say something about the request; any other is an upstream failure. */
const PASSED_ON = [400, 401, 403, 404, 409, 413, 429];

export interface Project {
  url: string;
  /** A variable of the environment: keys of providers, never content. */
  env(name: string): string | undefined;
  fetch: typeof fetch;
}

export interface Caller {
  id: string;
  anonymous: boolean;
  /** Calls a function of the database as the user. @throws {Refusal} */
  rpc<T>(name: string, args: Record<string, unknown>): Promise<T>;
  /** Any request to the project's REST API as the user: `path` begins after `/rest/v1`. @throws {Refusal} where it is not ok */
  rest(path: string, init?: RequestInit): Promise<Response>;
  /** The same for the other APIs, such as Storage: `path` begins with `/storage/v1`. */
  api(path: string, init?: RequestInit): Promise<Response>;
}

/** @throws {Refusal} 401 without a user's token and the project's key */
export function callerOf(request: Request, project: Project): Caller {
  const token = /^Bearer (\S+)$/.exec(request.headers.get('authorization') ?? '')?.[1];
  const apikey = request.headers.get('apikey');
  const claims = token && apikey ? claimsOf(token) : undefined;
  if (!apikey || claims?.role !== 'authenticated' || typeof claims.sub !== 'string') {
    throw new Refusal(401, 'unauthorized', 'this function needs the headers apikey and authorization (Bearer and a signed-in user\'s token)');
  }
  const signature = { authorization: `Bearer ${token}`, apikey };
  async function api(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { ...signature, 'content-type': 'application/json', ...init.headers as Record<string, string> };
    const call = { ...init, headers, signal: AbortSignal.timeout(UPSTREAM_MS) };
    const answer = await project.fetch(project.url + path, call).catch(() => undefined);
    if (!answer) throw new Refusal(502, 'upstream_unreachable', 'the project\'s API does not answer; try again later');
    if (!answer.ok) throw await refusalOf(answer);
    return answer;
  }
  const rest = (path: string, init?: RequestInit) => api(`/rest/v1${path}`, init);
  return {
    id: claims.sub,
    anonymous: claims.is_anonymous === true,
    api,
    rest,
    async rpc(name, args) {
      const text = await (await rest(`/rpc/${name}`, { method: 'POST', body: JSON.stringify(args) })).text();
      return text === '' ? null : JSON.parse(text); // a function that returns nothing answers nothing
    },
  };
}

function claimsOf(token: string): Record<string, unknown> | undefined {
  try {
    const claims = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(claims), (c) => c.charCodeAt(0))));
  } catch {
    return undefined;
  }
}

async function refusalOf(answer: Response): Promise<Refusal> {
  const { code = '', message = '' } = await answer.json().catch(() => ({}));
  if (code === 'PGRST202') return new Refusal(500, 'not_installed', 'the database lacks the recipe\'s functions: run its SQL (supabase/recipes)');
  if (code === '22023') return invalid(message);
  if (!PASSED_ON.includes(answer.status)) return new Refusal(502, 'upstream_failed', `the project's API answered ${answer.status}`);
  const codes: Record<number, string> = { 401: 'unauthorized', 403: 'forbidden', 404: 'not_found', 429: 'rate_limited' };
  const wait = Number(answer.headers.get('retry-after')) || undefined;
  return new Refusal(answer.status, codes[answer.status] ?? 'invalid_request', message || `the project's API answered ${answer.status}`, wait);
}
