/** Sync of plans: the reader's own choice, what waits, and conflicts with both sides beside each other. */

import { useState } from "preact/hooks";
import type { ProjectsConflict } from "thermocline/recipes/projects";
import { Failed, Loading } from "../../parts/state.tsx";
import { useAction } from "../../state/action.ts";
import { count, time } from "../../words.ts";
import { useFresh, usePlans } from "./plans.ts";

export function SyncTab() {
  const plans = usePlans();
  const status = useFresh((asked) => asked.getSyncStatus(), "sync");
  const { run, result, problem } = useAction(async () => undefined);
  if (status.state === "loading") return <Loading what="the sync status" />;
  if (status.state === "failed") return <Failed error={status.error} />;
  const { enabled, lastSync, pendingRecords, conflicts } = status.value;
  const turn = (on: boolean): void => run(async () => {
    await (on ? plans.enableSync() : plans.disableSync());
    return on ? "Sync is on." : "Sync is off; what waits is kept.";
  });
  const now = (): void => run(async () => {
    const { synced, remoteChanges } = await plans.forceSyncAll();
    return `${count(synced.length)} sent, ${count(remoteChanges.length)} changed elsewhere.`;
  });
  return (
    <>
      <section class="card" aria-labelledby="plans-sync">
        <h2 id="plans-sync">Sync of your plans</h2>
        <p class="hint">Off, nothing of your projects leaves this device. On, it reaches your other devices.</p>
        <label class="switch"><input type="checkbox" role="switch" checked={enabled} onChange={(event) => turn(event.currentTarget.checked)} /><span>Sync projects, weeks and todos</span></label>
        <dl class="facts">
          <div><dt>Rows that wait</dt><dd>{count(pendingRecords)}</dd></div>
          <div><dt>Conflicts</dt><dd>{count(conflicts.length)}</dd></div>
          <div><dt>Last round</dt><dd>{lastSync === null ? "none yet" : time(lastSync)}</dd></div>
        </dl>
        {enabled && <div class="actions"><button type="button" class="button" onClick={now}>Sync now</button></div>}
        <p role="status" class="hint">{result}</p>
        {problem && <p role="alert" class="problem">{problem}</p>}
      </section>
      {conflicts.map((conflict) => <Conflict key={conflict.id} conflict={conflict} />)}
    </>
  );
}

function Conflict({ conflict }: { conflict: ProjectsConflict }) {
  const plans = usePlans();
  const { id, table, columns, base, mine, theirs, since } = conflict;
  const [own, setOwn] = useState<Record<string, string>>({});
  const { run, problem } = useAction(async () => undefined);
  const settle = (choice: Parameters<typeof plans.resolveConflict>[1]): void => run(async () => {
    await plans.resolveConflict(id, choice);
    return "";
  });
  const texts = columns.filter((column) => typeof mine[column] === "string");
  const name = String(theirs?.["title"] ?? mine["title"] ?? base["title"] ?? table);
  return (
    <section class="card" aria-label={`Conflict in ${name}`}>
      <h2>“{name}” was changed here and elsewhere</h2>
      <p class="hint">Yours is of {time(since)}. {theirs === null ? "Elsewhere it was deleted." : "Until you decide, you see yours."}</p>
      <table class="sides-table">
        <thead><tr><th scope="col">What</th><th scope="col">Before</th><th scope="col">Yours</th><th scope="col">Theirs</th></tr></thead>
        <tbody>{columns.map((column) => (
          <tr key={column}><th scope="row">{column.replaceAll("_", " ")}</th><td>{words(base[column])}</td><td>{words(mine[column])}</td><td>{theirs === null ? "deleted" : words(theirs[column])}</td></tr>
        ))}</tbody>
      </table>
      {theirs !== null && texts.map((column) => (
        <div class="field" key={column}>
          <label for={`${id}-${column}`}>Your own text for {column}</label>
          <input id={`${id}-${column}`} value={own[column] ?? ""} onInput={(event) => setOwn({ ...own, [column]: event.currentTarget.value })} />
        </div>
      ))}
      {problem && <p role="alert" class="problem">{problem}</p>}
      <div class="actions">
        <button type="button" class="button primary" onClick={() => settle("mine")}>Keep mine</button>
        <button type="button" class="button" onClick={() => settle("theirs")}>Keep theirs</button>
        {theirs !== null && texts.length > 0 && <button type="button" class="button" disabled={!texts.every((column) => own[column]?.trim())} onClick={() => settle(own)}>Write my own</button>}
      </div>
    </section>
  );
}

const words = (value: unknown): string => (value === null || value === undefined || value === "" ? "empty" : String(value));
