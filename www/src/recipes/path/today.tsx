/** Today: the two routines and the streak, the day's attunement, the moon. */

import { Failed, Loading } from "../../parts/state.tsx";
import { Notice } from "../../parts/notice.tsx";
import { useAction } from "../../state/action.ts";
import { MOON } from "./words.ts";
import { accepted, localDate, useLoaded, usePath } from "./recipe.ts";
import { useBackend } from "../../backend.ts";

const done = async (): Promise<void> => undefined;

export function Today() {
  return <><Routines /><AttunementCard /><Sky /></>;
}

function Routines() {
  const recipe = usePath();
  const { tc } = useBackend();
  const today = localDate();
  const action = useAction(done);
  const { value, error, reload } = useLoaded(async (path) => {
    const { body } = await tc.query(`routine_completions?select=routine&date=eq.${today}`);
    return { progress: await path.fetchUserProgress(), today: (JSON.parse(body) as { routine: string }[]).map(({ routine }) => routine) };
  }, ["routine_completions", "user_progress"], today);
  if (error) return <Failed error={error} onRetry={reload} />;
  if (!value) return <Loading what="your routines" />;
  const complete = (routine: "morning" | "evening") => action.run(async () => {
    accepted(await recipe.completeRoutine(routine));
    return `The ${routine} routine is done.`;
  });
  const { shownStreak = 0, bestStreak = 0, totalCompletions = 0 } = value.progress ?? {};
  return (
    <section class="card" aria-labelledby="path-routines">
      <h2 id="path-routines">Routines</h2>
      <div class="path-streak" data-alive={shownStreak > 0}>
        <Flame />
        <p><strong>{shownStreak}</strong> {shownStreak === 1 ? "day" : "days"} in a row</p>
        <p class="hint">Best {bestStreak}, {totalCompletions} {totalCompletions === 1 ? "routine" : "routines"} in all</p>
      </div>
      <div class="actions">
        {(["morning", "evening"] as const).map((routine) => (value.today.includes(routine)
          ? <p key={routine} class="path-done">{routine === "morning" ? "Morning" : "Evening"} done</p>
          : <button key={routine} type="button" class="button primary" onClick={() => complete(routine)}>Complete {routine}</button>))}
      </div>
      <p class="hint" role="status">{action.result}</p>
      {action.problem && <Notice kind="bad">{action.problem}</Notice>}
    </section>
  );
}

function Flame() {
  return <svg class="path-flame" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="M12 2c1 4 6 6 6 12a6 6 0 0 1-12 0c0-3 1.500-4.500 2.500-6 .500 2 1.500 3 2.500 3 .500-3-.500-6 1-9Z" /></svg>;
}

function AttunementCard() {
  const recipe = usePath();
  const action = useAction(done);
  const { value: attunement, error, reload } = useLoaded((path) => path.fetchDailyAttunement(localDate()), ["daily_attunements"]);
  if (error) return <Failed error={error} onRetry={reload} />;
  const make = () => action.run(async () => {
    accepted(await recipe.syncDailyAttunement());
    return "Here is today's attunement.";
  });
  const rate = (stars: number) => action.run(async () => {
    if (attunement) accepted(await recipe.rateAttunement(attunement.id, stars));
    return `Rated ${stars} of 5.`;
  });
  return (
    <section class="card" aria-labelledby="path-attunement">
      <h2 id="path-attunement">Attunement</h2>
      {attunement ? (
        <>
          <p class="lead">{attunement.insightfulQuestion}</p>
          <p>{attunement.synthesizedAnswer}</p>
          <div class="path-stars" role="group" aria-label="How well does it fit?">
            {[1, 2, 3, 4, 5].map((stars) => <button key={stars} type="button" class="button icon-only" aria-label={`${stars} of 5 stars`} onClick={() => rate(stars)}>{stars}<span aria-hidden="true">★</span></button>)}
          </div>
        </>
      ) : (
        <>
          <p class="hint">One question a day, from what you logged lately.</p>
          <div class="actions"><button type="button" class="button primary" onClick={make}>Ask today's question</button></div>
        </>
      )}
      <p class="hint" role="status">{action.result}</p>
      {action.problem && <Notice kind="bad">{action.problem}</Notice>}
    </section>
  );
}

function Sky() {
  const recipe = usePath();
  const { value: cached } = useLoaded((path) => path.fetchCosmicData(localDate(), { stale: true }), ["cosmic_data_cache"]);
  const { age, phase, litPercent } = recipe.moonAt();
  const golden = cached && goldenHours(cached.astronomy);
  return (
    <section class="card" aria-labelledby="path-sky">
      <h2 id="path-sky">Sky</h2>
      <div class="path-moon">
        <svg viewBox="0 0 24 24" aria-hidden="true" focusable="false"><circle class="dark" cx="12" cy="12" r="10" /><path class="lit" d={litPath(age)} /></svg>
        <p><strong>{MOON[phase]}</strong><br /><span class="hint">{litPercent} % lit, {age.toFixed(1)} days old</span></p>
      </div>
      {golden && <p>Golden hours: {golden}</p>}
      {cached?.stale && <p class="hint">From {new Date(cached.cached_at).toLocaleString()}: older than six hours.</p>}
    </section>
  );
}

/** The lit part of a disc: a half circle, and half an ellipse that is the shadow's edge. */
function litPath(age: number): string {
  const turn = age / 29.530588853;
  const edge = Math.cos(2 * Math.PI * turn) * 10;
  const waxing = turn < 0.5;
  return `M12 2A10 10 0 0 ${waxing ? 1 : 0} 12 22A${Math.abs(edge)} 10 0 0 ${(edge > 0) === waxing ? 0 : 1} 12 2Z`;
}

/** The first hour after sunrise and the last before sunset, if the source gives both. */
function goldenHours({ sunrise, sunset }: Record<string, unknown>): string | null {
  const [rise, set] = [Date.parse(String(sunrise)), Date.parse(String(sunset))];
  if (Number.isNaN(rise) || Number.isNaN(set)) return null;
  const clock = (at: number) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return `${clock(rise)}–${clock(rise + 3_600_000)} and ${clock(set - 3_600_000)}–${clock(set)}`;
}
