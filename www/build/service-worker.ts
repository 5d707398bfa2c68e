/**
 * A Vite plugin: writes the list of the built files into the service worker, which precaches them.
 * Vite itself bundles src/sw.ts to /sw.js, an ES module that shares its chunks with the page.
 */

import { join, resolve } from "node:path";
import type { Plugin, ResolvedConfig } from "vite";
import { injectManifest } from "workbox-build";

const FILE_BYTES = 4 * 1024 * 1024;

export function precache(): Plugin {
  let config: ResolvedConfig;
  return {
    name: "daybook-precache",
    apply: "build",
    configResolved: (resolved) => void (config = resolved),
    async closeBundle() {
      const folder = resolve(config.root, config.build.outDir);
      const worker = join(folder, "sw.js");
      const { warnings } = await injectManifest({
        swSrc: worker,
        swDest: worker,
        globDirectory: folder,
        globPatterns: ["**/*.{html,js,css,wasm,json,svg,png,webmanifest}"],
        globIgnores: ["sw.js", "config.json"],
        // Files in assets/ have their content's hash in their name.
        dontCacheBustURLsMatching: /^assets\//,
        maximumFileSizeToCacheInBytes: FILE_BYTES,
      });
      for (const warning of warnings) config.logger.warn(warning);
    },
  };
}
