/** What surrounds every view: name, navigation, sync indicator, news. On a phone the navigation is at the bottom. */

import type { ComponentChildren } from "preact";
import { useBackend } from "../backend.ts";
import { installedRecipes } from "../recipes.ts";
import { href, type Route } from "../state/route.ts";
import { Attention } from "./attention.tsx";
import { Icon, type IconName } from "./icon.tsx";
import { SyncIndicator } from "./sync-indicator.tsx";

interface Place {
  name: string;
  icon: IconName;
  to: Route;
}

const ENTRIES: Place = { name: "Entries", icon: "entries", to: { view: "entries", entry: null } };
const UPKEEP: Place[] = [
  { name: "Data", icon: "data", to: { view: "data" } },
  { name: "Sync", icon: "sync", to: { view: "sync" } },
];

export function Shell({ view, children }: { view: Route["view"]; children: ComponentChildren }) {
  const { config } = useBackend();
  const recipes = installedRecipes(config).map(({ name, label, icon }): Place => ({ name: label, icon, to: { view: name, rest: [] } }));
  const places = [ENTRIES, ...recipes, ...UPKEEP];
  return (
    <div class="shell">
      <a class="skip" href="#content" onClick={skip}>Skip to content</a>
      <header class="bar">
        <a class="brand" href={href({ view: "entries", entry: null })}>
          <BrandMark />
          Daybook
        </a>
        <nav class="places" aria-label="Main">
          {places.map(({ name, icon, to }) => (
            <a key={name} href={href(to)} aria-current={to.view === view ? "page" : undefined}>
              <Icon name={icon} />
              {name}
            </a>
          ))}
        </nav>
        <SyncIndicator />
      </header>
      <main id="content" tabIndex={-1}>{children}</main>
      <Attention />
    </div>
  );
}

// The fragment is the route's, so the jump is made by hand.
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

/** Layers of water between warm and cold: what the library is named after. */
export function BrandMark() {
  return (
    <svg class="brand-mark" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path class="layer-warm" d="M3 8a5 5 0 0 1 5-5h8a5 5 0 0 1 5 5v1.5c-3 2-6-1-9 .5s-6 1.5-9-.5V8Z" />
      <path class="layer-mid" d="M3 11.3c3 2 6 2 9 .5s6-1.5 9 .3v3.4c-3 2-6-1-9 .5s-6 1.5-9-.5v-4.2Z" />
      <path class="layer-cold" d="M3 17c3 2 6 2 9 .5s6-1.5 8.9.3A5 5 0 0 1 16 21H8a5 5 0 0 1-5-4Z" />
    </svg>
  );
}
