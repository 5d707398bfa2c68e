/** The last hours in words, on request: it may ask a provider, by the server. */

import { useState } from "preact/hooks";
import type { InsightsText } from "thermocline/recipes/context";
import { Failed } from "../../parts/state.tsx";
import { useContextRecipe } from "./recipe.ts";

export function InsightText({ hours }: { hours: number }) {
  const recipe = useContextRecipe();
  const [shown, setShown] = useState<InsightsText | null>(null);
  const [error, setError] = useState<unknown>(null);
  const ask = (): void => {
    setError(null);
    recipe.generateInsights(hours).then(setShown, setError);
  };
  return (
    <section class="card" aria-labelledby="in-words">
      <h2 id="in-words">In words</h2>
      {error ? <Failed error={error} onRetry={ask} /> : null}
      <p role="status" data-text>{shown?.text}</p>
      {shown && <p class="hint">{shown.origin === "local" ? "Written by a fixed rule; nothing was sent to a provider." : `Written by ${shown.origin}.`}</p>}
      <div class="actions"><button type="button" class="button" onClick={ask}>Tell me about the last {hours} hours</button></div>
    </section>
  );
}
