/** `tc.session`: what becomes of changes when somebody signs in or out; and supabase-js's own sign-out as it goes by. */
import type { Engine } from "../wasm/thermocline.js";
import type { EngineAnswer } from "./answer.js";
import { guarded } from "./errors.js";
import type { Place } from "./fetch.js";
import type { Session } from "./types.js";

/** Answers with which auth-js takes its session for ended. */
const ENDED = [401, 403, 404];

export function sessionOf(engine: Engine): Session {
  return {
    adopt: () => guarded(() => engine.adopt()),
    discardLocal: () => guarded(() => engine.discardLocal()),
    signOut: ({ unsent = "refuse" } = {}) => guarded(() => engine.signOut(unsent)),
  };
}

/**
 * A sign-out by supabase-js. With unsent changes it is refused, and auth-js keeps its session; of scope `local` it has dropped it
 * already, so there they are kept for the user's return.
 */
export async function logout(engine: Engine, isLocal: boolean, send: () => Promise<Response>, { respond, alone }: Place): Promise<Response> {
  const unsent = await guarded(() => engine.unsent());
  if (unsent > 0 && !isLocal) return respond(refusal(unsent));
  let response: Response | undefined;
  try {
    return (response = await send());
  } finally {
    if (isLocal || response?.ok || ENDED.includes(response?.status ?? 0)) await alone(() => guarded(() => engine.signOut("keep")));
  }
}

/** As the auth server refuses. */
function refusal(unsent: number): EngineAnswer {
  const changes = unsent === 1 ? "1 change has" : `${unsent} changes have`;
  const msg =
    `${changes} not reached the server. Go online and sync first, or call tc.session.signOut({ unsent: "keep" }) to keep them ` +
    `on this device for the user's return, or { unsent: "discard" }; then sign out again.`;
  return [409, "content-type: application/json\n", JSON.stringify({ code: 409, error_code: "unsynced_changes", msg })];
}
