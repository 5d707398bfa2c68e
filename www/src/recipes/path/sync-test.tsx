/** The sync test: a probe for each kind of row, sent, read back from the server and removed. */

import { useState } from "preact/hooks";
import { SYNC_TESTS, type Counts, type SyncTestName, type SyncTestResult } from "thermocline/recipes/path";
import { Notice } from "../../parts/notice.tsx";
import { useAction } from "../../state/action.ts";
import { usePath } from "./recipe.ts";

type State = SyncTestResult | "running";

const NAMES: Record<SyncTestName, string> = {
  logs: "Log", progress: "Progress", achievement: "Achievement", path: "Path data", cosmic: "Sky cache", astrology: "Charts cache",
  attunement: "Attunement", embedding: "Embedding", health: "Health",
};

export function SyncTest() {
  const recipe = usePath();
  const action = useAction(async () => undefined);
  const [states, setStates] = useState<{ [name in SyncTestName]?: State }>({});
  const [bulk, setBulk] = useState<Record<string, Counts> | null>(null);
  const run = async (names: SyncTestName[]): Promise<string> => {
    for (const name of names) {
      setStates((before) => ({ ...before, [name]: "running" }));
      const result = await recipe.runSyncTest(name);
      setStates((before) => ({ ...before, [name]: result }));
    }
    return names.length === 1 ? `${NAMES[names[0] as SyncTestName]} was tested.` : "All were tested.";
  };
  const sendAll = async (): Promise<string> => {
    setBulk(await recipe.bulkSyncAllData());
    return "One round was run.";
  };
  return (
    <section class="card" aria-labelledby="path-sync">
      <h2 id="path-sync">Sync test</h2>
      <p class="hint">Each test writes a probe, has it sent, reads it back from the server and removes it. Offline they are skipped.</p>
      <div class="actions">
        <button type="button" class="button primary" onClick={() => action.run(() => run(SYNC_TESTS))}>Run all</button>
        <button type="button" class="button" onClick={() => action.run(sendAll)}>Send everything</button>
      </div>
      <p class="hint" role="status">{action.result}</p>
      {action.problem && <Notice kind="bad">{action.problem}</Notice>}
      <ul class="path-tests">
        {SYNC_TESTS.map((name) => (
          <li key={name} data-state={stateOf(states[name])}>
            <span>{NAMES[name]}</span>
            <span>{said(states[name])}</span>
            <button type="button" class="button" aria-label={`Run ${NAMES[name]}`} onClick={() => action.run(() => run([name]))}>Run</button>
          </li>
        ))}
      </ul>
      {bulk && <BulkTable counts={bulk} />}
    </section>
  );
}

const stateOf = (state: State | undefined): string => (state === undefined ? "idle" : state === "running" ? state : state.state);

function said(state: State | undefined): string {
  if (state === undefined || state === "running") return stateOf(state);
  return state.state === "passed" ? `passed, ${Math.round(state.tookMs)} ms` : `${state.state}: ${state.code ?? ""}`;
}

function BulkTable({ counts }: { counts: Record<string, Counts> }) {
  return (
    <table class="path-bulk">
      <caption>What was sent</caption>
      <thead><tr><th scope="col">Rows</th><th scope="col">Sent</th><th scope="col">Failed</th><th scope="col">Waiting</th></tr></thead>
      <tbody>{Object.entries(counts).map(([part, { succeeded, failed, queued }]) => (
        <tr key={part}><th scope="row">{part}</th><td>{succeeded}</td><td>{failed}</td><td>{queued}</td></tr>
      ))}</tbody>
    </table>
  );
}
