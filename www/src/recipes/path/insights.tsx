/** Insights of the last thirty days: urges and what was made of them, the hours of leaks, the rate over the weeks. */

import type { Patterns } from "thermocline/recipes/path";
import { Chart } from "../../parts/chart.tsx";
import { Empty, Failed, Loading } from "../../parts/state.tsx";
import { localDate, useLoaded } from "./recipe.ts";

const DAY_MS = 86_400_000;
const DAYS = 30;
const WINDOW = 7;

export function Insights() {
  const { value: patterns, error, reload } = useLoaded((path) => path.fetchPatterns(), ["sovereign_logs"]);
  if (error) return <Failed error={error} onRetry={reload} />;
  if (!patterns) return <Loading what="your insights" />;
  if (patterns.urges + patterns.leaks === 0) return <Empty title="No patterns yet" icon="path"><p>Log urges and leaks for a few days: <a href="#/path/log">go to the log</a>.</p></Empty>;
  const { transmutationRate, topLeakHour, topKata, trend } = patterns;
  return (
    <section class="card" aria-labelledby="path-insights">
      <h2 id="path-insights">Last 30 days</h2>
      <dl class="facts">
        <div><dt>Urges</dt><dd>{patterns.urges}</dd></div>
        <div><dt>Transmuted</dt><dd>{transmutationRate === null ? "–" : `${transmutationRate} %`}</dd></div>
        <div><dt>Trend</dt><dd>{trend}</dd></div>
        <div><dt>Leaks, most at</dt><dd>{topLeakHour === null ? "–" : `${String(topLeakHour).padStart(2, "0")}:00`}</dd></div>
        <div><dt>Top kata</dt><dd>{topKata ?? "–"}</dd></div>
      </dl>
      <UrgeCharts patterns={patterns} />
      <Chart kind="bars" title="Leaks by hour" xLabel="Hour" x={{ names: patterns.leakHours.map((_, hour) => String(hour)) }}
        series={[{ label: "Leaks", values: patterns.leakHours, color: 3 }]} height={180} />
    </section>
  );
}

function UrgeCharts({ patterns }: { patterns: Patterns }) {
  const days = Array.from({ length: DAYS }, (_, index) => localDate(new Date(Date.now() - (DAYS - 1 - index) * DAY_MS)));
  const urges = patterns.urgeTimes.map(([at, met]) => ({ day: localDate(new Date(at)), met }));
  const of = (day: string) => urges.filter((urge) => urge.day === day);
  const met = (some: typeof urges) => some.filter((urge) => urge.met).length;
  const rate = (index: number): number | null => {
    const within = days.slice(Math.max(0, index - WINDOW + 1), index + 1).flatMap(of);
    return within.length === 0 ? null : Math.round((met(within) * 100) / within.length);
  };
  const names = days.map((day) => day.slice(5));
  return (
    <>
      <Chart kind="bars" title="Urges a day" xLabel="Day" x={{ names }} height={200}
        series={[{ label: "Urges", values: days.map((day) => of(day).length) }, { label: "Transmuted", values: days.map((day) => met(of(day))) }]} />
      <Chart kind="line" title="Transmuted, of the urges of seven days" xLabel="Day" x={{ times: days.map((day) => Date.parse(day)) }} yRange={[0, 100]} height={180}
        format={(value) => `${value} %`} series={[{ label: "Rate", values: days.map((_, index) => rate(index)) }]} />
    </>
  );
}
