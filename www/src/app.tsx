/** The app: opens the backend, finds out who reads, and shows the view the address asks for. */

import { useEffect, useRef, useState } from "preact/hooks";
import { Suspense } from "preact/compat";
import { BackendProvider, openBackend, useBackend, type Backend } from "./backend.ts";
import { explain } from "./failures.ts";
import { Notice } from "./parts/notice.tsx";
import { BrandMark, Shell } from "./parts/shell.tsx";
import { installedRecipes } from "./recipes.ts";
import { useReader } from "./state/session.ts";
import { route, type Route } from "./state/route.ts";
import { useStore } from "./state/store.ts";
import { DatasetView } from "./views/dataset.tsx";
import { EntriesView } from "./views/entries.tsx";
import { SignInView } from "./views/sign-in.tsx";
import { SyncView } from "./views/sync.tsx";

type Opening = { state: "opening" } | { state: "open"; backend: Backend } | { state: "failed"; error: unknown };

export function App() {
  const [opening, setOpening] = useState<Opening>({ state: "opening" });
  useEffect(() => {
    openBackend().then(
      (backend) => setOpening({ state: "open", backend }),
      (error: unknown) => setOpening({ state: "failed", error }),
    );
  }, []);
  if (opening.state === "open") {
    return <BackendProvider value={opening.backend}><Views /></BackendProvider>;
  }
  return opening.state === "failed" ? <CannotOpen error={opening.error} /> : <Splash />;
}

function Views() {
  const reader = useReader();
  const place = useStore(route);
  useViewFocus(place.view);
  if (reader.state === "unknown") return <Splash />;
  if (reader.state === "signed-out") return <SignInView />;
  return (
    <Shell view={place.view}>
      {place.view === "entries" && <EntriesView open={place.entry} />}
      {"rest" in place && <RecipePlace {...place} />}
      {place.view === "data" && <DatasetView user={reader.user} />}
      {place.view === "sync" && <SyncView email={reader.email} change={place.change} />}
    </Shell>
  );
}

function RecipePlace({ view, rest }: Extract<Route, { rest: string[] }>) {
  const recipe = installedRecipes(useBackend().config).find(({ name }) => name === view);
  if (!recipe) return <Notice kind="bad">The recipe “{view}” is not installed in this project.</Notice>;
  return <Suspense fallback={<p role="status" class="page">Opening {recipe.label}…</p>}><recipe.View rest={rest} /></Suspense>;
}

/** After a change of view the keyboard continues in the new one, not where the old link was. */
function useViewFocus(view: string): void {
  const before = useRef(view);
  useEffect(() => {
    if (before.current === view) return;
    before.current = view;
    document.getElementById("content")?.focus();
  }, [view]);
}

function Splash() {
  return <div class="splash" role="status"><BrandMark /><span class="unseen">Opening Daybook</span></div>;
}

function CannotOpen({ error }: { error: unknown }) {
  return (
    <main class="alone">
      <h1>Daybook could not open</h1>
      <Notice kind="bad">{explain(error)}</Notice>
      <button type="button" class="button primary" onClick={() => location.reload()}>Try again</button>
    </main>
  );
}
