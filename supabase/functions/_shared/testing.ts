// For the functions' tests: a project that answers what a test says, and requests of a signed-in user.
import type { Project } from './caller.ts';

export type Call = { path: string; headers: Headers; body: unknown };
type Answers = Record<string, (call: Call) => Response | Promise<Response>>;

/** A project whose API answers by path (without the query); any other path is 404. `env` is its environment. */
export function project(answers: Answers, env: Record<string, string> = {}): Project & { calls: Call[] } {
  const calls: Call[] = [];
  return {
    url: 'http://project',
    env: (name) => env[name],
    calls,
    async fetch(input, init) {
      const url = new URL(String(input));
      const path = url.origin === 'http://project' ? url.pathname : url.href;
      const call = { path, headers: new Headers(init?.headers), body: init?.body ? JSON.parse(String(init.body)) : undefined };
      calls.push(call);
      return await (answers[path]?.(call) ?? Response.json({ code: 'PGRST202' }, { status: 404 }));
    },
  };
}

/** A token with these claims; nothing of ours checks its signature. */
export const tokenOf = (claims: Record<string, unknown>) =>
  `head.${btoa(JSON.stringify({ sub: 'user-1', role: 'authenticated', ...claims }))}.signature`;

/** A request of user-1: an object is sent as JSON, anything else as it is. */
export function request(body: unknown, { method = 'POST', headers = { apikey: 'k', authorization: `Bearer ${tokenOf({})}` } as Record<string, string> } = {}): Request {
  const isRaw = body === undefined || typeof body === 'string' || body instanceof Uint8Array || body instanceof ReadableStream;
  const sent = isRaw ? body as BodyInit | undefined : JSON.stringify(body);
  return new Request('http://functions/f', { method, headers, body: method === 'GET' ? undefined : sent });
}
