/**
 * A local answer as supabase-js wants it: a `Response` that hands its text over at once.
 *
 * A real body stream costs two to four times as much as the whole local query, so `text` and `json`
 * are overridden, and stream and headers are only made when someone asks for them.
 */

/** Status, alternating header names and values, body: as the engine answers. */
export type EngineAnswer = [status: number, headers: string[], body: string];

class LocalResponse extends Response {
  readonly #flat: string[];
  readonly #body: string;
  #headers: Headers | undefined;

  constructor(status: number, flat: string[], body: string) {
    super(null, { status });
    this.#flat = flat;
    this.#body = body;
  }

  override get headers(): Headers {
    return (this.#headers ??= headersOf(this.#flat));
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
    return new LocalResponse(this.status, [...this.headers].flat(), this.#body);
  }
}

function headersOf(flat: string[]): Headers {
  const headers = new Headers();
  for (let at = 0; at + 1 < flat.length; at += 2) headers.append(flat[at]!, flat[at + 1]!);
  return headers;
}

export function responseOf([status, headers, body]: EngineAnswer): Response {
  return new LocalResponse(status, headers, body);
}
