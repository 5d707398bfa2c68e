// Phoenix channel messages as Supabase Realtime speaks them: serializers 1.0.0 (objects) and 2.0.0 (arrays, and binary broadcasts).
// Pure: text and bytes in, `{ joinRef, ref, topic, event, payload }` out, and back.

const USER_BROADCAST = 3;
const JSON_ENCODING = 1;

/** @typedef {{ joinRef: string | null, ref: string | null, topic: string, event: string, payload: any }} Message */

/** @param {string} version @param {Message} message */
export function encode(version, { joinRef, ref, topic, event, payload }) {
  if (version === '2.0.0') return JSON.stringify([joinRef ?? null, ref ?? null, topic, event, payload]);
  return JSON.stringify({ topic, event, payload, ref, ...(joinRef === undefined ? {} : { join_ref: joinRef }) });
}

/** A broadcast that a client pushes as bytes: a head of lengths, then the parts. @param {Buffer} bytes */
function decodeBroadcast(bytes) {
  if (bytes[0] !== USER_BROADCAST) return null;
  const [joinLength, refLength, topicLength, eventLength, metaLength, encoding] = bytes.subarray(1, 7);
  let offset = 7;
  const take = (length) => bytes.subarray(offset, (offset += length)).toString();
  const [joinRef, ref, topic, event] = [take(joinLength), take(refLength), take(topicLength), take(eventLength)];
  take(metaLength);
  const rest = bytes.subarray(offset);
  const payload = { type: 'broadcast', event, payload: encoding === JSON_ENCODING ? JSON.parse(rest.toString()) : rest };
  return { joinRef, ref, topic, event: 'broadcast', payload };
}

/** @param {string} version @param {Buffer} data @param {boolean} isBinary @returns {Message | null} null: not for us */
export function decode(version, data, isBinary) {
  if (isBinary) return decodeBroadcast(data);
  const parsed = JSON.parse(data.toString());
  if (version !== '2.0.0') return { joinRef: parsed.join_ref, ref: parsed.ref, topic: parsed.topic, event: parsed.event, payload: parsed.payload };
  const [joinRef, ref, topic, event, payload] = parsed;
  return { joinRef, ref, topic, event, payload };
}
