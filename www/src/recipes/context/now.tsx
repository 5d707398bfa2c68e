/** Now: the aura of the last check-in, a new check-in, and the sampler. */

import { useFigures } from "./recipe.ts";
import { CheckIn } from "./check-in.tsx";
import { SamplerCard } from "./sampler-card.tsx";
import { Seeding } from "./seeding.tsx";

const AURAS = {
  peak: "Peak: make use of it",
  balanced: "Balanced",
  low: "Low: take it slowly",
  depleted: "Depleted: time to rest",
  unknown: "Unknown: the last check-in is more than two hours old, or there is none",
} as const;

export function Now() {
  const aura = useFigures("aura", 24, (recipe) => recipe.getAura());
  const today = useFigures("today", 24, (recipe) => recipe.getRecentInsights(24));
  const { state = "unknown", score = null } = aura.value ?? {};
  return (
    <>
      <p class="aura" data-aura={state} role="status"><span class="aura-dot" aria-hidden="true" />{AURAS[state]}{score !== null && <strong>{score.toFixed(2)}</strong>}</p>
      <CheckIn />
      {today.value && today.value.totalSamples > 0
        ? <TodayLine {...today.value} />
        : <p class="hint">Nothing in the last 24 hours yet.</p>}
      <SamplerCard />
      <Seeding />
    </>
  );
}

function TodayLine({ totalSamples, avgFocus, avgEnergy, trend }: { totalSamples: number; avgFocus: number; avgEnergy: number; trend: string }) {
  return (
    <dl class="facts" data-today>
      <div><dt>Samples, 24 hours</dt><dd>{totalSamples}</dd></div>
      <div><dt>Focus</dt><dd>{avgFocus.toFixed(2)}</dd></div>
      <div><dt>Energy</dt><dd>{avgEnergy.toFixed(2)}</dd></div>
      <div><dt>Trend</dt><dd>{trend}</dd></div>
    </dl>
  );
}
