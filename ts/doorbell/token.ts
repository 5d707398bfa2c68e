/** What an access token says of itself; the server alone checks its signature. */

export interface Access {
  token: string;
  user: string;
  /** When it ends, in milliseconds since 1970 by the server's clock. */
  ends: number;
}

/** Null: it is no user's, so it joins nobody's channel (the publishable key, say). */
export function accessOf(token: string): Access | null {
  try {
    const claims = JSON.parse(atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/"))) as Record<string, unknown>;
    const { sub, exp } = claims;
    return typeof sub === "string" && typeof exp === "number" ? { token, user: sub, ends: exp * 1_000 } : null;
  } catch {
    return null;
  }
}
