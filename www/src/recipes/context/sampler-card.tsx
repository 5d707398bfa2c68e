/** The sampler's switch, when it looks next, and what came of its last samples. */

import { useEffect, useState } from "preact/hooks";
import type { SamplerEntry, SamplerStatus } from "thermocline/recipes/context";
import { time } from "../../words.ts";
import { useContextRecipe } from "./recipe.ts";

const REASONS: Record<SamplerEntry["reason"], string> = {
  first: "stored: the first",
  change: "stored: something changed",
  heartbeat: "stored: an hour has passed",
  manual: "stored by hand",
  insignificant: "not stored: nothing has changed",
  duplicate: "not stored: it was there already",
  idle: "no sample: nobody was here",
};

export function SamplerCard() {
  const { sampler } = useContextRecipe();
  const [status, setStatus] = useState(sampler.status());
  useEffect(() => sampler.on(setStatus), [sampler]);
  const turn = (on: boolean): void => {
    if (on) void sampler.start();
    else sampler.stop();
  };
  return (
    <section class="card" aria-labelledby="sampler">
      <h2 id="sampler">Sampler</h2>
      <p>
        Counts the minutes with input and how often you leave the page, nothing else, and takes energy, mood and activity from your last
        check-in. Every five minutes while things change, up to an hour apart while they do not, and never while you are away.
      </p>
      <label class="switch">
        <input type="checkbox" role="switch" checked={status.running} onChange={(event) => turn(event.currentTarget.checked)} />
        Sample while this page is open
      </label>
      {status.running && <p role="status" data-sampler>{standing(status)}</p>}
      {status.log.length > 0 && (
        <details>
          <summary>Last samples</summary>
          <ol class="samples">{status.log.map(({ at, reason }) => <li key={at}><time dateTime={new Date(at).toISOString()}>{time(at)}</time> {REASONS[reason]}</li>)}</ol>
        </details>
      )}
    </section>
  );
}

function standing({ waiting, paused, nextAt }: SamplerStatus): string {
  if (waiting) return "Waiting for a first check-in by hand.";
  if (paused) return "Paused until you are back.";
  return nextAt === null ? "Starting…" : `Next sample: ${time(nextAt)}`;
}
