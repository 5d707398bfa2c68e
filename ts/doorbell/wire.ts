/**
 * Phoenix messages as Supabase Realtime speaks them, serializer 2.0.0. Pure: text and bytes in, messages out.
 *
 * Whatever comes is somebody else's: what does not read as a message is none, and of what rings only the transaction's
 * number is taken.
 */

export interface Message {
  ref: string | null;
  topic: string;
  event: string;
  payload: unknown;
}

/** Who listens, and to what. */
export interface Listener {
  user: string;
  tables: string[];
}

/** One socket joins one channel once: its messages need no more names than these. */
const JOIN = "1";
const BEAT = "2";
const RENEW = "3";
/** The socket's own topic. */
const SOCKET = "phoenix";
/** Broadcasts come as bytes or as text, as the server likes. */
const BINARY_BROADCAST = 4;
const JSON_ENCODING = 1;
/** Bits of a revision below its transaction's number. */
const REVISION_BITS = 22n;

/** The user's own topic, which push rings; `rows` is one that anybody may join, for changes of rows alone. */
const topicOf = (user: string, guarded: boolean) => `realtime:thermocline:${user}${guarded ? "" : ":rows"}`;

const text = (join: string | null, ref: string, topic: string, event: string, payload: object) =>
  JSON.stringify([join, ref, topic, event, payload]);

/** `guarded`: the private channel, which rings for pushes too. */
export function join({ user, tables }: Listener, guarded: boolean, token: string): string {
  const changes = tables.map((table) => ({ event: "*", schema: "public", table }));
  const config = { private: guarded, broadcast: { ack: false, self: false }, presence: { key: "", enabled: false }, postgres_changes: changes };
  return text(JOIN, JOIN, topicOf(user, guarded), "phx_join", { config, access_token: token });
}

export const heartbeat = () => text(null, BEAT, SOCKET, "heartbeat", {});

export const renewal = ({ user }: Listener, guarded: boolean, token: string) =>
  text(JOIN, RENEW, topicOf(user, guarded), "access_token", { access_token: token });

/** What a message means to a listener. `alive`: nothing but that the server is there. */
export type Meaning =
  | { means: "joined" }
  /** `why` begins with the server's code for it. */
  | { means: "refused"; why: string }
  | { means: "shut" }
  /** The database is being listened to from now on. */
  | { means: "subscribed" }
  | { means: "rang"; xid: string | undefined }
  | { means: "alive" };

export function meaningOf(message: Message, { user }: Listener, guarded: boolean): Meaning {
  const payload = record(message.payload);
  if (message.topic !== topicOf(user, guarded)) return { means: "alive" };
  switch (message.event) {
    case "phx_reply":
      if (message.ref !== JOIN) return { means: "alive" };
      return payload["status"] === "ok" ? { means: "joined" } : { means: "refused", why: String(record(payload["response"])["reason"]) };
    case "phx_close":
    case "phx_error":
      return { means: "shut" };
    case "system":
      return { means: payload["status"] === "ok" && payload["extension"] === "postgres_changes" ? "subscribed" : "alive" };
    case "broadcast":
      return payload["event"] === "changed" ? { means: "rang", xid: xid(record(payload["payload"])["xid"]) } : { means: "alive" };
    case "postgres_changes":
      return { means: "rang", xid: transactionOf(record(record(payload["data"])["record"])["_rev"]) };
    default:
      return { means: "alive" };
  }
}

/** Null: it is no message. */
export function decode(data: unknown): Message | null {
  try {
    return data instanceof ArrayBuffer ? decodeBytes(new Uint8Array(data)) : decodeText(String(data));
  } catch {
    return null;
  }
}

function decodeText(data: string): Message | null {
  const [, ref, topic, event, payload] = JSON.parse(data) as unknown[];
  if (typeof topic !== "string" || typeof event !== "string") return null;
  return { ref: typeof ref === "string" ? ref : null, topic, event, payload };
}

/** A head of lengths, then topic, event, metadata and payload. */
function decodeBytes(bytes: Uint8Array): Message | null {
  const [kind, topicLength = 0, eventLength = 0, metaLength = 0, encoding] = bytes;
  if (kind !== BINARY_BROADCAST) return null;
  let offset = 5;
  const take = (length?: number) => new TextDecoder().decode(bytes.subarray(offset, length === undefined ? undefined : (offset += length)));
  const [topic, event] = [take(topicLength), take(eventLength)];
  take(metaLength);
  const payload: unknown = encoding === JSON_ENCODING ? JSON.parse(take()) : null;
  return { ref: null, topic, event: "broadcast", payload: { type: "broadcast", event, payload } };
}

const record = (value: unknown) => (typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {});

const xid = (value: unknown) => (typeof value === "string" && /^\d{1,20}$/.test(value) ? value : undefined);

/** A revision holds the number of the transaction that wrote it, above what a rounded number loses. */
function transactionOf(rev: unknown): string | undefined {
  const isNumber = Number.isInteger(rev) || (typeof rev === "string" && /^\d{1,20}$/.test(rev));
  return isNumber ? (BigInt(rev as number | string) >> REVISION_BITS).toString() : undefined;
}
