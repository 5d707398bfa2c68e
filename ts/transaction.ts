/** `tc.transaction`: several writes that happen on this device together, or not at all. */
import type { Engine } from "../wasm/thermocline.js";
import { headersOf, type EngineAnswer } from "./answer.js";
import { guarded, ThermoclineError } from "./errors.js";
import type { Realm } from "./realm.js";
import type { ErrorCode, QueryAnswer, QueryRequest } from "./types.js";

const OURS: readonly string[] = ["unsupported_offline", "quota_exceeded", "locked", "storage_lost"] satisfies ErrorCode[];

export async function transaction(engine: Engine, realm: Realm, requests: QueryRequest[]): Promise<QueryAnswer[]> {
  if (realm.behind) await realm.behind;
  const asked = requests.map(({ method = "GET", path, headers = {}, body = "" }) => {
    const all = body === "" ? headers : { "content-type": "application/json", ...headers };
    return { method, path, headers: Object.entries(all).flat(), body };
  });
  const [answers, ...aborted] = (await guarded(() => engine.transact(JSON.stringify(asked)))) as [EngineAnswer[], (number | undefined)?];
  const read = answers.map(([status, head, body]): QueryAnswer => ({ status, headers: Object.fromEntries(headersOf(head)), body }));
  if (aborted.length > 0) throw abortion(read[0], aborted[0], requests);
  return read;
}

function abortion(answer: QueryAnswer | undefined, at: number | undefined, requests: QueryRequest[]): ThermoclineError {
  const { code = "", message = "" } = JSON.parse(answer?.body || "{}") as { code?: string; message?: string };
  const request = at === undefined ? undefined : requests[at];
  const where = request ? ` request ${at} (${request.method} ${request.path}):` : "";
  const known = OURS.includes(code) ? (code as ErrorCode) : "invalid_request";
  return new ThermoclineError(known, `transaction:${where} ${message} (${code}); nothing was written`, { cause: answer });
}
