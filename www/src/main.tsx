/** Starts the page: styles, the app, and the service worker that lets it open offline. */

import { render } from "preact";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/entries.css";
import "./styles/editor.css";
import "./styles/pages.css";
import "./styles/outbox.css";
import "./styles/storage.css";
import { App } from "./app.tsx";

const place = document.getElementById("app");
if (place) render(<App />, place);

// The built page has one; Vite's dev server serves modules that must not be cached.
if (import.meta.env.PROD && "serviceWorker" in navigator) {
  navigator.serviceWorker.register("/sw.js", { type: "module" }).catch((error: unknown) => {
    console.warn("Daybook will not open offline: its service worker could not be installed.", error);
  });
}
