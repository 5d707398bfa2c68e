/** The import of an older store: what it would do, the run, the report; and a real data set as an example of one. */

import { useState } from "preact/hooks";
import type { ImportPlan, ImportReport } from "thermocline/recipes/projects";
import { Failed } from "../../parts/state.tsx";
import { useAction } from "../../state/action.ts";
import { count, counted, time } from "../../words.ts";
import { usePlans } from "./plans.ts";
import { exampleStore } from "./seed.ts";

const KEY = "creation-store";
const TABLES = [["projects", "Projects"], ["weekly_goals", "Weeks"], ["todos", "Todos"]] as const;
const LINES_SHOWN = 50;

export function ImportTab() {
  const plans = usePlans();
  const [found, setFound] = useState(() => localStorage.getItem(KEY) !== null);
  const [text, setText] = useState<string | undefined>(undefined);
  const [plan, setPlan] = useState<ImportPlan | null>(null);
  const [report, setReport] = useState<ImportReport | null>(null);
  const [consent, setConsent] = useState(false);
  const { run, result, problem } = useAction(async () => setFound(localStorage.getItem(KEY) !== null));
  const look = (source?: string): void => run(async () => {
    setReport(null);
    setText(source);
    setPlan(await plans.planImport(source === undefined ? {} : { text: source }));
    return "";
  });
  const start = (): void => run(async () => {
    const ended = await plans.runImport({ consent, ...(text === undefined ? {} : { text }) });
    setReport(ended);
    setPlan(null);
    return ended.verified ? "Imported and read back: all is as planned." : "Imported, but not all is as planned.";
  });
  const example = (): void => run(async () => {
    const source = JSON.stringify(await exampleStore());
    setReport(null);
    setText(source);
    setPlan(await plans.planImport({ text: source }));
    return "";
  });
  return (
    <>
      <section class="card" aria-labelledby="import">
        <h2 id="import">Import an older store</h2>
        <p class="hint">{found ? `There is one in this browser, under “${KEY}”. It is read, never changed.` : `There is none in this browser under “${KEY}”.`}</p>
        <div class="actions">
          {found && <button type="button" class="button primary" onClick={() => look()}>Look into it</button>}
          <button type="button" class="button" onClick={example}>Take the web platform as an example</button>
        </div>
        <p role="status" class="hint">{result}</p>
        {problem !== null && <Failed error={new Error(problem)} />}
      </section>
      {plan && (
        <section class="card" aria-labelledby="import-plan">
          <h2 id="import-plan">What would be imported</h2>
          <Counts heads={["In the source", "New", "There already"]} rows={TABLES.map(([table, label]) => [label, plan.counts[table].planned, plan.counts[table].new, plan.counts[table].skipped])} />
          <Problems lines={plan.problems} />
          {plan.done && <p class="hint">Exactly this source was imported on {time(plan.done.startedAt)}; nothing would be written.</p>}
          {plan.needsConsent && <label class="switch"><input type="checkbox" role="switch" checked={consent} onChange={(event) => setConsent(event.currentTarget.checked)} /><span>Rows of several people become mine</span></label>}
          <div class="actions"><button type="button" class="button primary" disabled={plan.needsConsent && !consent} onClick={start}>Import</button></div>
        </section>
      )}
      {report && (
        <section class="card" aria-labelledby="import-report">
          <h2 id="import-report">{report.verified ? "Imported and verified" : "Imported, with differences"}</h2>
          <Counts heads={["In the source", "Inserted", "Skipped"]} rows={TABLES.map(([table, label]) => [label, report.counts[table].planned, report.counts[table].inserted, report.counts[table].skipped])} />
          <Problems lines={report.problems} />
          {report.differences.length > 0 && <p class="problem">{counted(report.differences.length, "value")} {report.differences.length === 1 ? "is" : "are"} not as planned.</p>}
          <p class="hint">Read back {time(report.startedAt)}. The source is as it was.</p>
        </section>
      )}
    </>
  );
}

function Counts({ heads, rows }: { heads: string[]; rows: (string | number)[][] }) {
  return (
    <table class="sides-table">
      <thead><tr><th scope="col">What</th>{heads.map((head) => <th key={head} scope="col">{head}</th>)}</tr></thead>
      <tbody>{rows.map(([label, ...counts]) => <tr key={label}><th scope="row">{label}</th>{counts.map((value, at) => <td key={at}>{count(Number(value))}</td>)}</tr>)}</tbody>
    </table>
  );
}

function Problems({ lines }: { lines: ImportPlan["problems"] }) {
  if (lines.length === 0) return <p class="hint">Everything fits as it is.</p>;
  return (
    <details>
      <summary>{counted(lines.length, "value")} that did not fit as {lines.length === 1 ? "it is" : "they are"}</summary>
      <ul class="steps">{lines.slice(0, LINES_SHOWN).map((line, at) => <li key={at}>{line.table.replaceAll("_", " ")} {line.id?.slice(0, 40)}: {line.column} {JSON.stringify(line.value)?.slice(0, 80)}, {line.message}</li>)}</ul>
      {lines.length > LINES_SHOWN && <p class="hint">and {count(lines.length - LINES_SHOWN)} more</p>}
    </details>
  );
}
