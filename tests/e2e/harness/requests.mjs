// What reaches the server: every request to the API with its body, who it is from, and access tokens that
// the server takes for expired until they are refreshed (two that it makes in one second are the same).

import { corsHeaders } from '../../../supabase/dev/gateway.mjs'

/** Pass `intercept` to the server; `seen` fills as bodies are read. `more` is a test's own. */
export function watchRequests(more = () => false) {
  const seen = []
  const expired = new Set()
  return {
    seen,
    expired,
    /** Refreshes that were asked for, oldest first. */
    refreshes: () => seen.filter(isRefresh),
    pushes: () => seen.filter(({ url, method }) => method === 'POST' && url.includes('/rpc/thermocline_push')),
    intercept(req, res) {
      if (!/^\/(rest|auth)\//.test(req.url) || req.method === 'OPTIONS') return false
      const token = req.headers.authorization?.replace('Bearer ', '')
      const noted = { method: req.method, url: req.url, body: '', sub: subjectOf(token), refused: false }
      seen.push(noted)
      readAlong(req, noted)
      if (isRefresh(req)) expired.clear()
      if (req.url.startsWith('/rest/') && expired.has(token)) {
        noted.refused = true
        return refuse(req, res, 401, { code: 'PGRST303', message: 'JWT expired' })
      }
      return more(req, res, noted)
    },
  }
}

export const isRefresh = ({ method, url }) => method === 'POST' && url.includes('grant_type=refresh_token')

/** Answers instead of the server, once all of the request is there. */
export async function refuse(req, res, status, body) {
  for await (const chunk of req) void chunk
  res.writeHead(status, { ...corsHeaders(req), 'content-type': 'application/json' })
  res.end(JSON.stringify(body))
  return true
}

/** Whose access token this is; null for the publishable key. */
export function subjectOf(token) {
  const claims = token?.split('.')[1]
  return claims ? JSON.parse(Buffer.from(claims, 'base64url').toString()).sub ?? null : null
}

/** Looks at what the server reads, when it reads it. */
function readAlong(req, noted) {
  const { push } = req
  req.push = (chunk, encoding) => {
    if (chunk) noted.body += chunk
    return push.call(req, chunk, encoding)
  }
}
