/** Fills an empty recipe with real days, so that its charts can be judged. */

import { useState } from "preact/hooks";
import { Icon } from "../../parts/icon.tsx";
import { Notice } from "../../parts/notice.tsx";
import { Progress } from "../../parts/progress.tsx";
import { explain } from "../../failures.ts";
import { useContextRecipe, useFigures } from "./recipe.ts";
import { seed, type SeedProgress } from "./seed.ts";

const MONTH_HOURS = 30 * 24;
/** With so many check-ins of one's own, charts have enough to show. */
const ENOUGH = 30;

export function Seeding() {
  const recipe = useContextRecipe();
  const month = useFigures("month", MONTH_HOURS, (one) => one.getHistoricalInsights(30));
  const [progress, setProgress] = useState<SeedProgress | null>(null);
  const [stop, setStop] = useState<AbortController | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const start = async (): Promise<void> => {
    const controller = new AbortController();
    setStop(controller);
    setProblem(null);
    await seed(recipe, controller.signal, setProgress).catch((error: unknown) => setProblem(explain(error)));
    setStop(null);
  };
  if (!stop && (month.value?.totalSamples ?? ENOUGH) >= ENOUGH) return progress ? <Notice>{progress.stored} check-ins stored on this device.</Notice> : null;
  return (
    <section class="card" aria-labelledby="seeding">
      <h2 id="seeding">Try it with real days</h2>
      <p>
        Two months of somebody's days, moved to end today: focus from how many commits they made in an hour, energy from how warm such an hour is,
        mood from that day's weather in Seattle.
      </p>
      {problem && <Notice kind="bad">{problem}</Notice>}
      {progress && stop && <Progress label={`${progress.stored} of ${progress.total} stored on this device`} done={progress.stored} total={progress.total} />}
      <div class="actions">
        {stop
          ? <button type="button" class="button" onClick={() => stop.abort()}>Stop</button>
          : <button type="button" class="button" onClick={() => void start()}><Icon name="data" />Load two months</button>}
      </div>
      <p class="hint">Source: <a href="https://github.com/vega/vega-datasets">vega-datasets</a> (github, seattle-weather), BSD 3-Clause.</p>
    </section>
  );
}
