// Run by `deno test`: what comes in is inflated under a limit, however it is cut and whatever it claims.
import assert from 'node:assert/strict';
import { inflate, Refusal } from './inflate.ts';

const LIMIT = 100_000;
const gzipped = (text: string | Uint8Array<ArrayBuffer>) => new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
const bytesOf = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => new Uint8Array(await new Response(stream).arrayBuffer());

function inPieces(bytes: Uint8Array<ArrayBuffer>, size: number, taken = { bytes: 0 }): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(out) {
      if (at >= bytes.length) return out.close();
      out.enqueue(bytes.slice(at, at + size));
      at += size;
      taken.bytes = Math.min(at, bytes.length);
    },
  });
}

async function refusalOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<[number, string]> {
  const error = await inflate(stream, LIMIT).then(() => undefined, (thrown) => thrown);
  assert.ok(error instanceof Refusal, `it was taken, or failed otherwise: ${error}`);
  return [error.status, error.code];
}

Deno.test('text comes out as it went in, whatever pieces it arrives in', async () => {
  const text = '{"title":"Grüße 👋"}'.repeat(900);
  const bytes = await bytesOf(gzipped(text));
  for (const size of [1, 7, 1024, bytes.length]) assert.equal(await inflate(inPieces(bytes, size), LIMIT), text);
});

Deno.test('text up to the limit is taken, one byte more is not', async () => {
  assert.equal((await inflate(gzipped('x'.repeat(LIMIT)), LIMIT)).length, LIMIT);
  assert.deepEqual(await refusalOf(gzipped('x'.repeat(LIMIT + 1))), [413, 'too_large']);
});

Deno.test('a bomb is no longer read once the limit is passed', async () => {
  const bomb = await bytesOf(gzipped(new Uint8Array(100 << 20)));
  const taken = { bytes: 0 };
  assert.deepEqual(await refusalOf(inPieces(bomb, 4_096, taken)), [413, 'too_large']);
  assert.ok(taken.bytes < bomb.length / 4, `${taken.bytes} of ${bomb.length} bytes were read`);
});

Deno.test('a bomb that comes in one piece is inflated no further than a little past the limit', async () => {
  const bomb = await bytesOf(gzipped(new Uint8Array(90 << 20)));
  const before = Deno.memoryUsage().rss;
  assert.deepEqual(await refusalOf(inPieces(bomb, bomb.length)), [413, 'too_large']);
  const grown = Deno.memoryUsage().rss - before;
  assert.ok(grown < 40 << 20, `memory grew by ${grown} bytes`);
});

Deno.test('what is empty inside, and goes on without end, is no longer read past the limit', async () => {
  const storedNothing = new Uint8Array([0, 0, 0, 0xff, 0xff]);
  const head = new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
  let first = true;
  const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(out) {
      out.enqueue(first ? head : storedNothing);
      first = false;
    },
  });
  assert.deepEqual(await refusalOf(endless), [413, 'too_large']);
});

Deno.test('what is truncated, changed, followed by more, not gzip, or not text is refused', async () => {
  const good = await bytesOf(gzipped('{"v":1}'.repeat(50)));
  const changed = good.slice();
  changed[good.length - 6] ^= 1; // in the checksum
  const more = new Uint8Array([...good, 1, 2, 3]);
  const plain = new TextEncoder().encode('{"v":1}');
  const notText = await bytesOf(gzipped(new Uint8Array([0xff, 0xfe, 0x41])));
  const cutText = await bytesOf(gzipped(new Uint8Array([0x41, 0xc3])));
  const all = { half: good.slice(0, good.length / 2), lastByte: good.slice(0, -1), nothing: new Uint8Array(), changed, more, plain, notText, cutText };
  for (const [name, bytes] of Object.entries(all)) assert.deepEqual([name, ...await refusalOf(inPieces(bytes, 10))], [name, 400, 'not_gzip']);
});
