// A push by way of this function: gzip in, the same text on to thermocline_push under the caller's own token, its answer back as
// it is. PostgREST takes no gzip, and a batch shrinks to about a seventh. Holds no key, writes no log, and decides nothing about a
// push: who may do what is PostgreSQL's to say. Only an answer of the rpc bears the header Thermocline-Answer.
import { inflate, Refusal, tooLarge } from './inflate.ts';

/** What thermocline_push takes of a batch (1.25 MiB), and what stands around it. */
export const LIMIT_BYTES = 1_310_720 + 4_096;
const UPSTREAM_MS = 50_000;
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'POST, OPTIONS',
  'access-control-allow-headers': 'authorization, apikey, content-type, x-client-info',
  'access-control-expose-headers': 'Thermocline-Answer, Retry-After',
  'access-control-max-age': '86400',
};

/** `url` is the project's. */
export async function handle(request: Request, url: string): Promise<Response> {
  if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers: CORS });
  try {
    return await push(url, signatureOf(request), await bodyOf(request));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { status, code, message } = error;
    return Response.json({ code, message, details: null, hint: null }, { status, headers: CORS });
  }
}

function signatureOf(request: Request): Record<string, string> {
  if (request.method !== 'POST') throw new Refusal(405, 'method_not_allowed', `${request.method} is not for this function; send POST`);
  const [authorization, apikey] = [request.headers.get('authorization'), request.headers.get('apikey')];
  if (!/^Bearer \S+$/.test(authorization ?? '') || !apikey) {
    throw new Refusal(401, 'unauthorized', 'a push needs the headers authorization (Bearer and the user\'s token) and apikey');
  }
  return { authorization: authorization!, apikey };
}

async function bodyOf(request: Request): Promise<string> {
  if (Number(request.headers.get('content-length') ?? 0) > LIMIT_BYTES) throw tooLarge(LIMIT_BYTES);
  if (!request.body) throw new Refusal(400, 'not_gzip', 'the body is empty; send gzip of what thermocline_push takes');
  const text = await inflate(request.body, LIMIT_BYTES);
  if (!isPush(text)) throw new Refusal(400, 'not_a_push', 'the body is not {"v", "client", "batch"} as thermocline_push takes it');
  return text;
}

function isPush(text: string): boolean {
  try {
    const push = JSON.parse(text);
    return typeof push?.v === 'number' && typeof push.client === 'string' && Array.isArray(push.batch);
  } catch {
    return false;
  }
}

async function push(url: string, signature: Record<string, string>, body: string): Promise<Response> {
  const headers = { ...signature, 'content-type': 'application/json' };
  const call = { method: 'POST', headers, body, signal: AbortSignal.timeout(UPSTREAM_MS) };
  const answer = await fetch(`${url}/rest/v1/rpc/thermocline_push`, call).catch(() => undefined);
  if (!answer) throw new Refusal(502, 'upstream_unreachable', 'the project\'s API does not answer; call thermocline_push itself, or try again');
  const told = { ...CORS, 'thermocline-answer': 'rpc', 'content-type': answer.headers.get('content-type') ?? 'application/json' };
  const retryAfter = answer.headers.get('retry-after');
  return new Response(answer.body, { status: answer.status, headers: retryAfter ? { ...told, 'retry-after': retryAfter } : told });
}
