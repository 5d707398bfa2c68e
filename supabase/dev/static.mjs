// Serves a built PWA from the backend's own origin. Files with a hash in their name are immutable; index.html, the service worker
// and everything else are asked for anew each time. A path without an extension is the app's own route: it gets index.html.
import fs from 'node:fs';
import path from 'node:path';

const TYPES = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8', '.json': 'application/json', '.webmanifest': 'application/manifest+json',
  '.wasm': 'application/wasm', '.svg': 'image/svg+xml', '.png': 'image/png', '.ico': 'image/x-icon', '.txt': 'text/plain; charset=utf-8',
  '.map': 'application/json', '.woff2': 'font/woff2', '.webp': 'image/webp', '.jpg': 'image/jpeg',
};
const HASHED = /[-.][A-Za-z0-9_-]{8,}\.(js|css|wasm|png|svg|woff2)$/;

/**
 * @param {string} folder
 * @returns {(req: import('node:http').IncomingMessage, res: import('node:http').ServerResponse, url: URL) => boolean} whether it answered
 */
export function staticFiles(folder) {
  const root = path.resolve(folder);
  return (req, res, url) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') return false;
    let file = path.join(root, path.normalize(decodeURIComponent(url.pathname)));
    if (file !== root && !file.startsWith(root + path.sep)) return false;
    if (fs.statSync(file, { throwIfNoEntry: false })?.isDirectory()) file = path.join(file, 'index.html');
    if (!fs.existsSync(file) && !path.extname(file)) file = path.join(root, 'index.html');
    if (!fs.existsSync(file)) return false;
    const immutable = HASHED.test(path.basename(file)) && path.basename(file) !== 'sw.js';
    res.writeHead(200, {
      'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream',
      'cache-control': immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
      'service-worker-allowed': '/',
    });
    if (req.method === 'HEAD') res.end();
    else fs.createReadStream(file).pipe(res);
    return true;
  };
}
