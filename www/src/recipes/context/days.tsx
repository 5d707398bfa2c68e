/** Days: a calendar by average focus, and one day's patterns. */

import type { DailyInsights } from "thermocline/recipes/context";
import { Empty, Failed, Loading } from "../../parts/state.tsx";
import { day } from "../../words.ts";
import { clock, useFigures, words, type PlaceProps } from "./recipe.ts";

const WEEKS = 10;
const DAY_MS = 86_400_000;
const LEVELS = 5;

export function Days({ rest: [chosen] }: PlaceProps) {
  const dates = calendar(new Date());
  const [from, to] = [dates[0] ?? "", dates.at(-1) ?? ""];
  const shown = useFigures(to, WEEKS * 7 * 24, (recipe) => recipe.listDailyInsights({ from, to }));
  if (shown.error) return <Failed error={shown.error} onRetry={shown.retry} />;
  if (!shown.value) return <Loading what="days" />;
  if (shown.value.length === 0) return <Empty title="No days yet"><p>Each check-in counts for the local day it was made on. <a href="#/context/now">Check in</a>.</p></Empty>;
  const byDate = new Map(shown.value.map((one) => [one.date, one]));
  const open = byDate.get(chosen ?? "") ?? shown.value[0];
  return (
    <>
      <section class="card" aria-labelledby="calendar">
        <h2 id="calendar">Average focus, day by day</h2>
        <ol class="heat">{dates.map((date) => <li key={date}><Cell date={date} insights={byDate.get(date)} isOpen={date === open?.date} /></li>)}</ol>
        <p class="hint">Weeks begin on Monday. The stronger the colour, the more focused the day.</p>
      </section>
      {open && <OneDay insights={open} />}
    </>
  );
}

function Cell({ date, insights, isOpen }: { date: string; insights: DailyInsights | undefined; isOpen: boolean }) {
  if (!insights) return <span class="heat-cell" title={`${day(date)}: nothing`} aria-hidden="true" />;
  const level = Math.min(LEVELS, 1 + Math.floor(insights.avgFocus / (10 / LEVELS)));
  const said = `${day(date)}: focus ${insights.avgFocus.toFixed(2)}, ${insights.totalContexts} check-ins`;
  return <a class="heat-cell" data-level={level} href={`#/context/days/${date}`} aria-label={said} title={said} aria-current={isOpen ? "date" : undefined} />;
}

function OneDay({ insights: { date, avgFocus, avgEnergy, totalContexts, peakHours, patterns, source, final } }: { insights: DailyInsights }) {
  const { dominant_mood: mood, best_activity: best, energy_dip_hour: dip, volatility, longest_focus_minutes: longest } = patterns;
  return (
    <section class="card" aria-labelledby="one-day" data-day={date}>
      <h2 id="one-day">{day(date)}<span class="badge" data-source={source}>{source === "draft" ? "draft" : final ? "server" : "server, so far"}</span></h2>
      <dl class="facts thirds">
        <div><dt>Focus</dt><dd>{avgFocus.toFixed(2)}</dd></div>
        <div><dt>Energy</dt><dd>{avgEnergy.toFixed(2)}</dd></div>
        <div><dt>Check-ins</dt><dd>{totalContexts}</dd></div>
        <div><dt>Best hours</dt><dd>{peakHours.map(clock).join(", ")}</dd></div>
        <div><dt>Mood</dt><dd>{mood ?? "–"}</dd></div>
        <div><dt>Best activity</dt><dd>{best === null ? "–" : words(best)}</dd></div>
        <div><dt>Energy dips</dt><dd>{dip === null ? "no" : `at ${clock(dip)}`}</dd></div>
        <div><dt>Ups and downs</dt><dd>{volatility ? `${volatility.label} (${volatility.value.toFixed(2)})` : "–"}</dd></div>
        <div><dt>Longest focus</dt><dd>{longest} min</dd></div>
      </dl>
      <table class="tiers">
        <thead><tr><th scope="col">Activity</th><th scope="col">Check-ins</th><th scope="col">Focus</th><th scope="col">Energy</th></tr></thead>
        <tbody>
          {Object.entries(patterns.activities).map(([name, { count, avg_focus, avg_energy }]) => (
            <tr key={name}><th scope="row">{words(name)}</th><td>{count}</td><td>{avg_focus.toFixed(2)}</td><td>{avg_energy.toFixed(2)}</td></tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Whole weeks up to today, oldest first. */
function calendar(now: Date): string[] {
  const today = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate());
  const monday = today - ((now.getDay() + 6) % 7) * DAY_MS;
  const first = monday - (WEEKS - 1) * 7 * DAY_MS;
  return Array.from({ length: (today - first) / DAY_MS + 1 }, (_, place) => new Date(first + place * DAY_MS).toISOString().slice(0, 10));
}
