/**
 * A local answer as supabase-js wants it: a `Response` that hands its text over at once.
 *
 * A real body stream costs two to four times as much as the whole local query, so `text` and `json`
 * are overridden, and stream and headers are only made when someone asks for them.
 */

/** As the engine answers; `head` is a header a line. */
export type EngineAnswer = [status: number, head: string, body: string];

class LocalResponse extends Response {
  readonly #head: string;
  readonly #body: string;
  #headers: Headers | undefined;

  constructor(status: number, head: string, body: string) {
    super(null, { status });
    this.#head = head;
    this.#body = body;
  }

  override get headers(): Headers {
    return (this.#headers ??= new Headers(headersOf(this.#head)));
  }

  override async text(): Promise<string> {
    return this.#body;
  }

  override async json(): Promise<unknown> {
    return JSON.parse(this.#body) as unknown;
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    return new TextEncoder().encode(this.#body).buffer as ArrayBuffer;
  }

  override async blob(): Promise<Blob> {
    return new Blob([this.#body], { type: this.headers.get("content-type") ?? "" });
  }

  override get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return new Blob([this.#body]).stream();
  }

  override clone(): Response {
    return new LocalResponse(this.status, headOf(this.headers), this.#body);
  }
}

/** Names and values of a head. */
export function headersOf(head: string): [name: string, value: string][] {
  const lines = head.split("\n").filter((line) => line !== "");
  return lines.map((line) => {
    const colon = line.indexOf(": ");
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
}

export function headOf(headers: Headers): string {
  return [...headers].map(([name, value]) => `${name}: ${value}\n`).join("");
}

export function responseOf([status, head, body]: EngineAnswer): Response {
  return new LocalResponse(status, head, body);
}

/** Statuses whose answers have no body, not even an empty one. */
const BODILESS = [204, 205, 304];

/** The same for another realm: it gets what a `Response` is made of, and nothing that was overridden. */
export function plainResponseOf([status, head, body]: EngineAnswer): Response {
  return new Response(BODILESS.includes(status) ? null : body, { status, headers: headersOf(head) });
}
