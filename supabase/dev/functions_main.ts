// Serves every Edge Function of a folder from one Deno process, as the hosted runtime's main worker does: /<name>/… goes to
// <folder>/<name>/index.ts, loaded when it is first asked for. A function calls Deno.serve(handler); here that hands over its
// handler instead of opening a port.
type Handler = (request: Request) => Response | Promise<Response>;

const folder = Deno.env.get('FUNCTIONS_DIR') ?? './supabase/functions';
const handlers = new Map<string, Handler>();
const serve = Deno.serve;
const cors = { 'access-control-allow-origin': '*' };
let loading = '';
let last: Promise<unknown> = Promise.resolve();

Object.defineProperty(Deno, 'serve', {
  value: (first: Handler | { handler: Handler }, second?: Handler) => {
    handlers.set(loading, typeof first === 'function' ? first : second ?? first.handler);
    return { finished: new Promise(() => {}), shutdown() {} };
  },
});

/** Loads one function after the other, so that a handler is known by the function that is loading. */
async function handlerOf(name: string): Promise<Handler | undefined> {
  if (!handlers.has(name)) {
    const load = last.then(async () => {
      if (handlers.has(name)) return;
      loading = name;
      await import(new URL(`file://${await Deno.realPath(folder)}/${name}/index.ts`).href);
    });
    last = load.catch(() => {});
    await load;
  }
  return handlers.get(name);
}

async function answer(request: Request): Promise<Response> {
  const name = new URL(request.url).pathname.split('/')[1];
  if (!/^[A-Za-z0-9_-]+$/.test(name)) return Response.json({ msg: 'bad function name' }, { status: 400, headers: cors });
  const signed = /^Bearer .+/.test(request.headers.get('authorization') ?? '') || request.headers.has('apikey');
  if (!signed) return Response.json({ code: 401, message: 'Missing authorization header' }, { status: 401, headers: cors });
  const exists = await Deno.stat(`${folder}/${name}/index.ts`).then(() => true, () => false);
  if (!exists) return Response.json({ code: 'NOT_FOUND', message: 'Requested function was not found' }, { status: 404, headers: cors });
  try {
    const handler = await handlerOf(name);
    if (!handler) throw new Error(`function ${name} serves nothing`);
    return await handler(request);
  } catch (error) {
    console.error(error);
    return Response.json({ code: 'BOOT_ERROR', message: 'Function failed to start (please check logs)' }, { status: 503, headers: cors });
  }
}

serve({ port: 0, hostname: '127.0.0.1', onListen: ({ port }) => console.log(`functions on port ${port}`) }, answer);
