// Gzip to text under a limit: reading stops as soon as too much has come in or out, so that a small body that would inflate to
// gigabytes costs no more than an honest one.

/** A body that is not taken; `status` is HTTP's, `code` is stable. */
export class Refusal extends Error {
  constructor(readonly status: number, readonly code: string, message: string) {
    super(message);
  }
}

/** A runtime inflates one piece in one go, up to a thousandfold: pieces are cut, so that it can be stopped between them. */
const PIECE_BYTES = 1024;

/** @throws {Refusal} 413 `too_large` beyond `limit` bytes, 400 `not_gzip` for what is not gzip, not whole, or not UTF-8 inside. */
export async function inflate(body: ReadableStream<Uint8Array<ArrayBuffer>>, limit: number): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const bytes = body.pipeThrough(pieces(limit)).pipeThrough(new DecompressionStream('gzip'));
  let size = 0;
  let text = '';
  try {
    for await (const piece of bytes) {
      size += piece.length;
      if (size > limit) throw tooLarge(limit);
      text += decoder.decode(piece, { stream: true });
    }
    return text + decoder.decode();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(400, 'not_gzip', 'the body is not gzip of UTF-8 text, or not all of it arrived');
  }
}

export const tooLarge = (limit: number) => new Refusal(413, 'too_large', `a push holds at most ${limit} bytes; send half of the batch`);

function pieces(limit: number) {
  let size = 0;
  return new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, out) {
      size += chunk.length;
      if (size > limit) throw tooLarge(limit);
      for (let from = 0; from < chunk.length; from += PIECE_BYTES) out.enqueue(chunk.subarray(from, from + PIECE_BYTES));
    },
  });
}
