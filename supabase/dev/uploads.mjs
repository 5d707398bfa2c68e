// Resumable uploads (TUS 1.0) in front of lite's plain upload, which has none: creation, HEAD, PATCH and DELETE, with the hosted
// service's addresses and 24 h of life. The finished bytes are sent on as one ordinary upload with the creator's own token, so
// row-level security decides as always.
import { randomUUID } from 'node:crypto';
import { corsHeaders } from './gateway.mjs';

const PREFIX = '/storage/v1/upload/resumable';
const LIFE_MS = 24 * 60 * 60 * 1000;

/** @param {import('node:http').IncomingMessage} req */
async function bodyOf(req) {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** `Upload-Metadata`: comma-separated names with base64 values. */
function metadataOf(header = '') {
  const pairs = header.split(',').filter(Boolean).map((pair) => pair.trim().split(' '));
  return Object.fromEntries(pairs.map(([name, value]) => [name, Buffer.from(value ?? '', 'base64').toString()]));
}

/** Hands a finished upload to the storage service. */
function store(origin, upload) {
  const headers = { 'content-type': upload.about.contentType || 'application/octet-stream' };
  for (const name of ['authorization', 'apikey', 'x-upsert']) if (upload.headers[name]) headers[name] = upload.headers[name];
  const address = `${origin}/storage/v1/object/${upload.about.bucketName}/${upload.about.objectName}`;
  return fetch(address, { method: 'POST', headers, body: Buffer.concat(upload.chunks) });
}

/**
 * @param {() => string} origin where the storage service is reached
 * @returns {(req: import('node:http').IncomingMessage, res: import('node:http').ServerResponse) => Promise<void>}
 */
export function resumableUploads(origin) {
  const uploads = new Map();

  async function create(req, answer) {
    const about = metadataOf(req.headers['upload-metadata']);
    await bodyOf(req);
    if (!about.bucketName || !about.objectName) return answer(400, {}, 'bucketName and objectName are required');
    const id = Buffer.from(`${about.bucketName}/${about.objectName}/${randomUUID()}`).toString('base64url');
    uploads.set(id, { about, length: Number(req.headers['upload-length']), chunks: [], offset: 0, headers: req.headers });
    return answer(201, { location: `http://${req.headers.host}${PREFIX}/${id}`, 'upload-expires': new Date(Date.now() + LIFE_MS).toUTCString() });
  }

  async function append(req, upload, answer) {
    if (Number(req.headers['upload-offset']) !== upload.offset) return answer(409, {}, 'the offset is another one');
    const chunk = await bodyOf(req);
    upload.chunks.push(chunk);
    upload.offset += chunk.length;
    if (upload.offset === upload.length) {
      const stored = await store(origin(), upload);
      if (!stored.ok) return answer(stored.status, {}, await stored.text());
    }
    return answer(204, { 'upload-offset': upload.offset });
  }

  return async (req, res) => {
    const answer = (status, headers = {}, text = '') => {
      res.writeHead(status, { ...corsHeaders(req), 'tus-resumable': '1.0.0', ...headers });
      res.end(text);
    };
    const id = req.url.split('?')[0].split(`${PREFIX}/`)[1];
    if (req.method === 'POST' && !id) return create(req, answer);
    const upload = uploads.get(id);
    if (!upload) return answer(404, {}, 'no such upload');
    if (req.method === 'HEAD') return answer(200, { 'upload-offset': upload.offset, 'upload-length': upload.length, 'cache-control': 'no-store' });
    if (req.method === 'PATCH') return append(req, upload, answer);
    if (req.method !== 'DELETE') return answer(405);
    uploads.delete(id);
    return answer(204);
  };
}
