/** Health of thirty days: steps, sleep, asymmetry of walking; a day by hand, or many from a file. */

import { useState } from "preact/hooks";
import type { HealthDay } from "thermocline/recipes/path";
import { Chart } from "../../parts/chart.tsx";
import { Field } from "../../parts/field.tsx";
import { Notice } from "../../parts/notice.tsx";
import { Failed, Loading } from "../../parts/state.tsx";
import { useAction } from "../../state/action.ts";
import { accepted, localDate, useLoaded, usePath } from "./recipe.ts";
import { daysOfCsv } from "./health-file.ts";

export function Health() {
  const { value: days, error, reload } = useLoaded((path) => path.fetchHealthMetricsHistory(30), ["health_metrics_history"]);
  if (error) return <Failed error={error} onRetry={reload} />;
  if (!days) return <Loading what="your health" />;
  return (
    <>
      <section class="card" aria-labelledby="path-health">
        <h2 id="path-health">Last 30 days</h2>
        <Lines days={[...days].reverse()} />
      </section>
      <Day />
    </>
  );
}

function Lines({ days }: { days: HealthDay[] }) {
  const x = { times: days.map(({ date }) => Date.parse(date)) };
  const line = (title: string, color: 1 | 2 | 4, of: (day: HealthDay) => number | null) => (
    <Chart kind="line" title={title} xLabel="Day" x={x} height={170} series={[{ label: title, values: days.map(of), color }]} />
  );
  return (
    <>
      {line("Steps", 1, ({ steps }) => steps)}
      {line("Sleep, hours", 2, ({ sleepHours }) => sleepHours)}
      {line("Walking asymmetry, percent", 4, ({ walkingAsymmetry }) => walkingAsymmetry)}
    </>
  );
}

const FIELDS = [
  { name: "steps", label: "Steps", max: undefined, step: 1 },
  { name: "sleepHours", label: "Sleep, hours", max: 24, step: 0.25 },
  { name: "walkingAsymmetry", label: "Walking asymmetry, percent", max: 100, step: 0.01 },
] as const;

function Day() {
  const recipe = usePath();
  const action = useAction(async () => undefined);
  const [date, setDate] = useState(localDate());
  const [given, setGiven] = useState<Record<string, string>>({});
  const save = (event: Event): void => {
    event.preventDefault();
    const figures = Object.fromEntries(Object.entries(given).filter(([, text]) => text !== "").map(([name, text]) => [name, Number(text)]));
    action.run(async () => {
      accepted(await recipe.syncHealthMetrics(figures, date));
      return `Saved ${date} on this device.`;
    });
  };
  const take = (file: File | undefined): void => action.run(async () => {
    const days = daysOfCsv(await file?.text() ?? "");
    for (const { date: day, ...figures } of days) accepted(await recipe.syncHealthMetrics(figures, day));
    return `Imported ${days.length} ${days.length === 1 ? "day" : "days"}.`;
  });
  return (
    <form class="card" onSubmit={save} aria-labelledby="path-day">
      <h2 id="path-day">A day</h2>
      <div class="path-filters">
        <Field id="path-date" label="Date">{(wiring) => <input {...wiring} type="date" required max={localDate()} value={date} onInput={(event) => setDate(event.currentTarget.value)} />}</Field>
        {FIELDS.map(({ name, label, max, step }) => (
          <Field key={name} id={`path-${name}`} label={label}>{(wiring) => (
            <input {...wiring} type="number" min={0} max={max} step={step} value={given[name] ?? ""} onInput={(event) => setGiven({ ...given, [name]: event.currentTarget.value })} />
          )}</Field>
        ))}
      </div>
      <div class="actions"><button type="submit" class="button primary">Save</button><span class="hint" role="status">{action.result}</span></div>
      <Field id="path-file" label="Import a CSV file" hint="With a first line that names its columns: date, steps, sleepHours, walkingAsymmetry.">{(wiring) => (
        <input {...wiring} type="file" accept=".csv,text/csv" onChange={(event) => take(event.currentTarget.files?.[0])} />
      )}</Field>
      {action.problem && <Notice kind="bad">{action.problem}</Notice>}
    </form>
  );
}
