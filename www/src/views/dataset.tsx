/** Loading the data set: a few thousand real rows, so that Daybook can be judged with more than ten. */

import { useState } from "preact/hooks";
import { useBackend } from "../backend.ts";
import { cancelLoad, load, loadDataset, removeDataset, type Load } from "../dataset.ts";
import { Confirm } from "../parts/confirm.tsx";
import { Icon } from "../parts/icon.tsx";
import { Notice } from "../parts/notice.tsx";
import { Progress } from "../parts/progress.tsx";
import { useStatus } from "../state/live.ts";
import { href } from "../state/route.ts";
import { useStore } from "../state/store.ts";
import { count, counted } from "../words.ts";

export function DatasetView({ user }: { user: string }) {
  const { supabase } = useBackend();
  const current = useStore(load);
  const [asking, setAsking] = useState(false);
  const busy = current.state === "fetching" || current.state === "loading" || current.state === "removing";
  return (
    <div class="page">
      <h1>Data</h1>
      <p class="lead">Fill your daybook with a few thousand real rows and see how it behaves: searching, sorting, editing, with the network on or off.</p>
      <section class="card">
        <h2>What browsers can do</h2>
        <p>
          3,500 features of the web platform: names, notes, release dates and which browser supports what since when. The
          rows hold long texts, nested JSON, missing values and characters from far outside ASCII. They are written like
          your own entries, a few hundred at a time, and never twice: loading again only adds what is missing.
        </p>
        <div class="actions">
          <button type="button" class="button primary" disabled={busy} onClick={() => void loadDataset(supabase, user)}>
            <Icon name="data" />Load 3,500 entries
          </button>
          {current.state === "loading" && <button type="button" class="button" onClick={cancelLoad}>Cancel</button>}
          <button type="button" class="button" disabled={busy} onClick={() => setAsking(true)}>Remove them</button>
        </div>
        <Outcome load={current} />
        <p class="hint">
          Source: <a href="https://github.com/mdn/browser-compat-data">MDN browser-compat-data</a> by MDN contributors, dedicated to the public domain
          (<a href="https://creativecommons.org/publicdomain/zero/1.0/">CC0 1.0</a>).
        </p>
      </section>
      <section class="card">
        <h2>Things to try</h2>
        <ol class="steps">
          <li>Load the entries, then open the <a href={href({ view: "sync" })}>sync page</a> and watch them leave.</li>
          <li>Cut the network: switch it off, stop the demo server, or choose “Offline” in the browser's developer tools.</li>
          <li>Search, add and change entries; close the tab; open it again. Everything is where you left it.</li>
          <li>Come back online. Each change reaches the server exactly once, and other devices follow.</li>
        </ol>
      </section>
      {asking && (
        <Confirm title="Remove the data set?" action="Remove" onCancel={() => setAsking(false)} onConfirm={() => { setAsking(false); void removeDataset(supabase); }}>
          <p>All entries that came from it are deleted, with what you changed in them. Entries of your own stay.</p>
        </Confirm>
      )}
    </div>
  );
}

function Outcome({ load: current }: { load: Load }) {
  const { pending } = useStatus();
  switch (current.state) {
    case "idle":
      return null;
    case "fetching":
      return <Progress label="Reading the data set…" done={0} total={1} />;
    case "removing":
      return <Notice>Removing…</Notice>;
    case "removed":
      return <Notice>The data set is removed from this device.{unsent(pending)}</Notice>;
    case "failed":
      return <Notice kind="bad">{current.message} Loading again continues where it stopped.</Notice>;
    case "loading":
      return <Progress label={`${count(current.done)} of ${count(current.total)} saved on this device`} done={current.done} total={current.total} />;
    case "cancelled":
      return <Notice>Stopped after {counted(current.done, "entry", "entries")}; those are saved.{unsent(pending)} Loading again adds the rest.</Notice>;
    case "loaded":
      return (
        <>
          <Notice>{counted(current.total, "entry", "entries")} saved on this device in {(current.tookMs / 1_000).toFixed(1)} seconds.</Notice>
          {pending > 0 && <Progress label={`${counted(pending, "change")} on the way to the server`} done={Math.max(0, current.total - pending)} total={current.total} />}
        </>
      );
  }
}

const unsent = (pending: number): string => pending > 0 ? ` ${counted(pending, "change")} still ${pending === 1 ? "has" : "have"} to reach the server.` : "";
