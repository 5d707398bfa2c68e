// A request's body, read no further than its limit.
import { Refusal } from './refusal.ts';

/** @throws {Refusal} 413 `too_large` beyond `limit` bytes; 400 `truncated` or `invalid_json`. */
export async function jsonOf(request: Request, limit: number): Promise<unknown> {
  const tooLarge = new Refusal(413, 'too_large', `the body may have at most ${limit} bytes`);
  if (Number(request.headers.get('content-length') ?? 0) > limit) throw tooLarge;
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let size = 0;
  let text = '';
  try {
    for await (const piece of request.body ?? []) {
      size += piece.length;
      if (size > limit) throw tooLarge;
      text += decoder.decode(piece, { stream: true });
    }
    text += decoder.decode();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(400, 'truncated', 'not all of the body arrived, or it is not UTF-8');
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, 'invalid_json', 'the body is not JSON');
  }
}
