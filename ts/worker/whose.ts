/** Whose request it is, as far as its token tells. The server alone checks signatures; here it only chooses a database. */

interface Claims {
  sub?: string;
  exp?: number;
  role?: string;
}

/** The user of an `authorization` header, and whether it still holds; null for a publishable key. */
export function bearerOf(authorization: string): { token: string; user: string; holds: boolean } | null {
  const token = authorization.replace(/^Bearer /i, "");
  const payload = token.split(".")[1];
  if (!payload) return null;
  try {
    const { sub, exp = 0, role = "authenticated" } = JSON.parse(atob(payload.replace(/-/g, "+").replace(/_/g, "/"))) as Claims;
    return sub && role === "authenticated" ? { token, user: sub, holds: exp * 1_000 > Date.now() } : null;
  } catch {
    return null;
  }
}
