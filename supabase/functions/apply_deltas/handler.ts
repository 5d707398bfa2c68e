// A push by way of this function: gzip in, the same text on to thermocline_push under the caller's own token, its answer back as
// it is. PostgREST takes no gzip, and a batch shrinks to about a seventh. Holds no key, logs numbers only (log.ts), and decides nothing
// about a push: who may do what is PostgreSQL's to say. Only an answer of the rpc bears the header Thermocline-Answer.
import { inflate, Refusal, tooLarge } from './inflate.ts';
import { log, type Push } from './log.ts';

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
    return await passOn(url, signatureOf(request), await bodyOf(request));
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

interface Body {
  text: string;
  push: Push;
  /** Before it was inflated. */
  bytes: number;
}

async function bodyOf(request: Request): Promise<Body> {
  if (Number(request.headers.get('content-length') ?? 0) > LIMIT_BYTES) throw tooLarge(LIMIT_BYTES);
  if (!request.body) throw new Refusal(400, 'not_gzip', 'the body is empty; send gzip of what thermocline_push takes');
  let bytes = 0;
  const counted = request.body.pipeThrough(new TransformStream({
    transform(piece, out) {
      bytes += piece.length;
      out.enqueue(piece);
    },
  }));
  const text = await inflate(counted, LIMIT_BYTES);
  const push = pushOf(text);
  if (!push) throw new Refusal(400, 'not_a_push', 'the body is not {"v", "client", "batch"} as thermocline_push takes it');
  return { text, push, bytes };
}

function pushOf(text: string): Push | undefined {
  try {
    const push = JSON.parse(text);
    return typeof push?.v === 'number' && typeof push.client === 'string' && Array.isArray(push.batch) ? push : undefined;
  } catch {
    return undefined;
  }
}

async function passOn(url: string, signature: Record<string, string>, { text, push, bytes }: Body): Promise<Response> {
  const headers = { ...signature, 'content-type': 'application/json' };
  const call = { method: 'POST', headers, body: text, signal: AbortSignal.timeout(UPSTREAM_MS) };
  const began = performance.now();
  const answer = await fetch(`${url}/rest/v1/rpc/thermocline_push`, call).catch(() => undefined);
  const said = await answer?.text().catch(() => undefined);
  log({ push, bytes, ms: performance.now() - began, status: said === undefined ? 502 : answer!.status, answer: said ?? '' }, url, signature);
  if (!answer || said === undefined) throw new Refusal(502, 'upstream_unreachable', 'the project\'s API does not answer; call thermocline_push itself, or try again');
  const told = { ...CORS, 'thermocline-answer': 'rpc', 'content-type': answer.headers.get('content-type') ?? 'application/json' };
  const retryAfter = answer.headers.get('retry-after');
  return new Response(said, { status: answer.status, headers: retryAfter ? { ...told, 'retry-after': retryAfter } : told });
}
