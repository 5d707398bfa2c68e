// Objects in memory, for lite's storage API: the file system adapter that its documentation names is not exported.
// Nothing survives the process, and nothing but lite's storage service calls it.
import { createHash } from 'node:crypto';

/** @typedef {{ bytes: Buffer, type: string, cacheControl: string, at: Date, etag: string }} StoredObject */

const notFound = () => Object.assign(new Error('Object not found'), { statusCode: 404, name: 'NotFound' });

/** @param {StoredObject} object */
function describe(object) {
  return {
    cacheControl: object.cacheControl, contentLength: object.bytes.length, size: object.bytes.length, mimetype: object.type,
    lastModified: object.at, eTag: object.etag, httpStatusCode: 200,
  };
}

async function collect(body) {
  if (body instanceof Uint8Array) return Buffer.from(body);
  const chunks = [];
  for await (const chunk of body) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

export class MemoryStorage {
  /** @type {Map<string, StoredObject>} */
  driver = new Map();

  name(bucket, path, version) {
    return [bucket, path, version].filter(Boolean).join('/');
  }

  find(bucket, path, version) {
    const object = this.driver.get(this.name(bucket, path, version)) ?? this.driver.get(this.name(bucket, path));
    if (!object) throw notFound();
    return object;
  }

  async getObject(bucket, path, version, headers) {
    const object = this.find(bucket, path, version);
    const range = /bytes=(\d+)-(\d*)/.exec(headers?.range ?? '');
    if (!range) return { metadata: describe(object), httpStatusCode: 200, body: object.bytes };
    const end = range[2] ? Number(range[2]) : object.bytes.length - 1;
    const body = object.bytes.subarray(Number(range[1]), end + 1);
    const contentRange = `bytes ${range[1]}-${end}/${object.bytes.length}`;
    return { metadata: { ...describe(object), contentLength: body.length, contentRange, httpStatusCode: 206 }, httpStatusCode: 206, body };
  }

  async uploadObject(bucket, path, version, body, type, cacheControl) {
    const bytes = await collect(body);
    const object = { bytes, type, cacheControl, at: new Date(), etag: `"${createHash('md5').update(bytes).digest('hex')}"` };
    this.driver.set(this.name(bucket, path, version), object);
    return describe(object);
  }

  async deleteObject(bucket, path, version) {
    this.driver.delete(this.name(bucket, path, version));
  }

  async deleteObjects(bucket, paths) {
    for (const path of paths) this.driver.delete(this.name(bucket, path));
  }

  async copyObject(bucket, path, version, toBucket, toPath, toVersion) {
    const object = this.find(bucket, path, version);
    this.driver.set(this.name(toBucket, toPath, toVersion), object);
    return { httpStatusCode: 200, eTag: object.etag, lastModified: object.at };
  }

  async headObject(bucket, path, version) {
    return describe(this.find(bucket, path, version));
  }

  async privateAssetUrl(bucket, path) {
    return `memory://${bucket}/${path}`;
  }
}
