/**
 * A local answer as supabase-js wants it: a `Response` that hands its text over at once.
 *
 * A real body stream costs two to four times as much as the whole local query, so `text` and `json`
 * are overridden and the stream is only made when someone asks for it.
 */

/** Status, alternating header names and values, body: as the engine answers. */
export type EngineAnswer = [status: number, headers: string[], body: string];

class LocalResponse extends Response {
  readonly #body: string;

  constructor(status: number, headers: Headers, body: string) {
    super(null, { status, headers });
    this.#body = body;
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
    return new LocalResponse(this.status, new Headers(this.headers), this.#body);
  }
}

export function headersOf(flat: string[]): Headers {
  const headers = new Headers();
  for (let at = 0; at + 1 < flat.length; at += 2) headers.append(flat[at]!, flat[at + 1]!);
  return headers;
}

export function responseOf([status, headers, body]: EngineAnswer): Response {
  return new LocalResponse(status, headersOf(headers), body);
}
