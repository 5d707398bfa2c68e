// Builds Daybook to dist/: the page, its service worker as /sw.js, and the list of both's files in it.

import { defineConfig } from "vite";
import { precache } from "./build/service-worker.ts";

export default defineConfig({
  // What is written for React runs on Preact: Thermocline's hooks.
  resolve: { alias: { react: "preact/compat" } },
  build: {
    target: "es2022",
    rollupOptions: {
      input: { page: "index.html", sw: "src/sw.ts" },
      // A service worker's address is its identity: no hash.
      output: { entryFileNames: ({ name }) => (name === "sw" ? "sw.js" : "assets/[name]-[hash].js") },
    },
  },
  plugins: [precache()],
});
