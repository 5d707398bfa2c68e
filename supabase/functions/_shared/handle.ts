// The way of every function that devices call with JSON: parse, authorise, take, then the function's own part, then answer. Holds no
// key and no state, and logs nothing. A function is a `Task`; its index.ts is `serve(task)`, its tests call `handle`.
import { jsonOf } from './body.ts';
import { type Caller, callerOf, type Project } from './caller.ts';
import { Refusal } from './refusal.ts';

const BODY_BYTES = 64 * 1024;
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'POST, OPTIONS',
  'access-control-allow-headers': 'authorization, apikey, content-type, x-client-info',
  'access-control-expose-headers': 'Content-Disposition, Retry-After',
  'access-control-max-age': '86400',
};

export interface Task<Body> {
  /** What a body must be; throws `invalid(…)` for what it is not. */
  parse(body: unknown): Body;
  /** The name under which thermocline_take counts it; without one it is not limited. */
  takes?: string;
  /** Whether users who signed in anonymously may call it; default no. */
  anonymous?: boolean;
  /** Default 64 KiB. */
  bodyBytes?: number;
  /** An object is answered as JSON; a Response as it is, with CORS. */
  answer(body: Body, caller: Caller, project: Project): Promise<object>;
}

export async function handle<Body>(task: Task<Body>, request: Request, project: Project): Promise<Response> {
  if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers: CORS });
  try {
    const answer = await carryOut(task, request, project);
    if (!(answer instanceof Response)) return Response.json(answer, { headers: CORS });
    for (const [name, value] of Object.entries(CORS)) answer.headers.set(name, value);
    return answer;
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal(500, 'internal_error', 'the function failed; it is not your request\'s fault');
    if (refusal !== error) console.error(error instanceof Error ? error.name : 'error'); // its message may hold content
    const { status, code, message, retryAfter } = refusal;
    const wait: Record<string, string> = retryAfter ? { 'retry-after': String(retryAfter) } : {};
    return Response.json({ error: { code, message } }, { status, headers: { ...CORS, ...wait } });
  }
}

async function carryOut<Body>(task: Task<Body>, request: Request, project: Project): Promise<object> {
  if (request.method !== 'POST') throw new Refusal(405, 'method_not_allowed', `${request.method} is not for this function; send POST`);
  const caller = callerOf(request, project);
  const body = task.parse(await jsonOf(request, task.bodyBytes ?? BODY_BYTES));
  if (caller.anonymous && !task.anonymous) throw new Refusal(403, 'forbidden', 'this function is not for anonymous users; sign in with an account');
  if (task.takes && !(await caller.rpc<boolean>('thermocline_take', { function: task.takes }))) {
    throw new Refusal(429, 'rate_limited', `the limit of ${task.takes} is reached; try again later`);
  }
  return await task.answer(body, caller, project);
}

/** The hosted runtime's way in. */
export function serve<Body>(task: Task<Body>): void {
  const project = { url: Deno.env.get('SUPABASE_URL') ?? '', env: (name: string) => Deno.env.get(name), fetch };
  Deno.serve((request) => handle(task, request, project));
}
