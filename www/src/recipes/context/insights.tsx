/** Insights: a window of time in charts, figures and words. */

import { useState } from "preact/hooks";
import type { ContextSeries, Insights as Figures } from "thermocline/recipes/context";
import { Chart } from "../../parts/chart.tsx";
import { Empty, Failed, Loading, Partial } from "../../parts/state.tsx";
import { useFigures, clock, words } from "./recipe.ts";
import { InsightText } from "./insight-text.tsx";

const RANGES = [
  { name: "24 hours", hours: 24, stepMin: 0 },
  { name: "7 days", hours: 7 * 24, stepMin: 60 },
  { name: "30 days", hours: 30 * 24, stepMin: 24 * 60 },
] as const;

const SHORT = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const HOURS = Array.from({ length: 24 }, (_, hour) => clock(hour));

export function Insights() {
  const [chosen, setChosen] = useState<(typeof RANGES)[number]>(RANGES[0]);
  const { hours, stepMin } = chosen;
  const shown = useFigures(chosen.name, hours, async (recipe) => {
    const [figures, series] = await Promise.all([recipe.getRecentInsights(hours), recipe.getSeries(hours, stepMin)]);
    return { hours, figures, series };
  });
  return (
    <>
      <fieldset class="ranges">
        <legend>Range</legend>
        {RANGES.map((range) => (
          <label key={range.name}>
            <input type="radio" name="range" checked={range === chosen} onChange={() => setChosen(range)} />
            {range.name}
          </label>
        ))}
      </fieldset>
      {shown.error ? <Failed error={shown.error} onRetry={shown.retry} /> : null}
      {!shown.value && !shown.error && <Loading what="insights" />}
      {shown.value && <Window {...shown.value} />}
      <InsightText hours={Math.min(hours, 168)} />
    </>
  );
}

function Window({ figures, series }: { figures: Figures; series: ContextSeries }) {
  const partial = figures.coverage === "partial" && <Partial what="these insights" />;
  if (figures.totalSamples === 0) {
    return <>{partial}<Empty title="No check-ins in this range"><p>Choose a longer one, or <a href="#/context/now">check in</a>.</p></Empty></>;
  }
  return (
    <>
      {partial}
      <Cards figures={figures} />
      <section class="card">
        <Chart kind="line" title="Focus and energy" xLabel="Time" x={{ times: series.line.map(({ at }) => at) }} yRange={[0, 10]}
          series={[{ label: "Focus", values: series.line.map(({ focus }) => focus) }, { label: "Energy", values: series.line.map(({ energy }) => energy) }]} />
      </section>
      <section class="card">
        <Chart kind="bars" title="Average focus by hour; the best three stand out" xLabel="Hour" x={{ names: HOURS }} yRange={[0, 10]}
          series={[{ label: "Focus", values: series.hours.map(({ focus }) => focus), color: 2, marked: series.peaks }]} />
      </section>
      <section class="card">
        <Chart kind="stacked" title="Activities by day" xLabel="Day" x={{ names: series.days.map(({ date }) => SHORT.format(new Date(`${date}T00:00`))) }} series={activities(series)} format={String} />
      </section>
    </>
  );
}

function Cards({ figures: { avgFocus, avgEnergy, trend, totalSamples, peakTime } }: { figures: Figures }) {
  return (
    <dl class="facts" data-insights>
      <div><dt>Focus</dt><dd>{avgFocus.toFixed(2)}</dd></div>
      <div><dt>Energy</dt><dd>{avgEnergy.toFixed(2)}</dd></div>
      <div><dt>Trend</dt><dd>{trend}</dd></div>
      <div><dt>Best hour</dt><dd>{peakTime === null ? "–" : clock(peakTime)}</dd></div>
      <div><dt>Samples</dt><dd>{totalSamples}</dd></div>
    </dl>
  );
}

const activities = ({ days }: ContextSeries) =>
  [...new Set(days.flatMap((one) => Object.keys(one.activities)))].sort()
    .map((name) => ({ label: words(name), values: days.map((one) => one.activities[name] ?? 0) }));
