// What Kong does in front of a hosted project: CORS, and no way in without a known key or with a token that is not ours.
// lite takes a garbage token for nobody; hosted PostgREST answers 401, and clients depend on it.
import { createHmac, timingSafeEqual } from 'node:crypto';

const EXPOSED = 'Content-Range,Location,Upload-Offset,Upload-Length,Tus-Resumable,Content-Length,Preference-Applied,Retry-After';
const KEYLESS_AUTH = /^\/auth\/v1\/(verify|callback|authorize|health)/;

/** @param {import('node:http').IncomingMessage} req */
export function corsHeaders(req) {
  return {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET,POST,PATCH,PUT,DELETE,OPTIONS,HEAD',
    'access-control-allow-headers': req.headers['access-control-request-headers'] ?? '*',
    'access-control-max-age': '86400',
    'access-control-expose-headers': EXPOSED,
  };
}

/**
 * Checks a token's signature and life.
 * @param {string} token
 * @param {string} secret
 * @returns {{ claims: Record<string, any> } | { error: string, expired?: boolean }}
 */
export function verifyToken(token, secret) {
  const [head, body, signature] = String(token).split('.');
  if (!signature) return { error: 'The token provided is not a valid JWT' };
  const expected = createHmac('sha256', secret).update(`${head}.${body}`).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return { error: 'Failed to validate JWT signature' };
  let claims;
  try {
    claims = JSON.parse(Buffer.from(body, 'base64url').toString());
  } catch {
    return { error: 'The token provided is not a valid JWT' };
  }
  if (!claims.exp || !claims.role) return { error: 'Fields `role` and `exp` are required in JWT' };
  if (claims.exp * 1000 < Date.now()) return { error: 'JWT expired', expired: true };
  return { claims };
}

/**
 * Why a request may not pass, as hosted Supabase says it; null if it may.
 * @param {import('node:http').IncomingMessage} req
 * @param {URL} url
 * @param {{ anonKey: string, serviceKey: string, jwtSecret: string }} keys
 */
export function refusalOf(req, url, keys) {
  const guarded = /^\/(rest|graphql)\/v1/.test(url.pathname) || (url.pathname.startsWith('/auth/v1/') && !KEYLESS_AUTH.test(url.pathname));
  if (!guarded) return null;
  const key = req.headers.apikey ?? url.searchParams.get('apikey');
  if (!key) return { message: 'No API key found in request', hint: 'No `apikey` request header or url param was found.' };
  if (key !== keys.anonKey && key !== keys.serviceKey) {
    return { message: 'Invalid API key', hint: 'Double check your Supabase `anon` or `service_role` API key.' };
  }
  const token = /^Bearer\s+(.+)$/i.exec(req.headers.authorization ?? '')?.[1];
  if (!token || token === keys.anonKey || token === keys.serviceKey || !url.pathname.startsWith('/rest/v1')) return null;
  const checked = verifyToken(token, keys.jwtSecret);
  if ('claims' in checked) return null;
  return { code: checked.expired ? 'PGRST303' : 'PGRST301', message: checked.error, details: null, hint: null };
}
