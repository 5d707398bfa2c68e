/** Achievements: a ring each, how far it is, and since when it is unlocked. */

import { Failed, Loading } from "../../parts/state.tsx";
import { useLoaded, usePath } from "./recipe.ts";
import { ACHIEVEMENTS } from "./words.ts";

const AROUND = 2 * Math.PI * 16;

export function Achievements() {
  const recipe = usePath();
  const { value: achieved, error, reload } = useLoaded((path) => path.fetchAchievements(), ["achievements"]);
  if (error) return <Failed error={error} onRetry={reload} />;
  if (!achieved) return <Loading what="your achievements" />;
  return (
    <section class="card" aria-labelledby="path-achievements">
      <h2 id="path-achievements">Achievements</h2>
      <ul class="path-achievements">
        {recipe.achievementTargets().map(([id, target]) => {
          const { progress = 0, unlocked = false, unlockedDate = null } = achieved.find((one) => one.id === id) ?? {};
          const { title = id, text = "" } = ACHIEVEMENTS[id] ?? {};
          return (
            <li key={id} data-unlocked={unlocked}>
              <svg viewBox="0 0 40 40" aria-hidden="true" focusable="false">
                <circle class="ring" cx="20" cy="20" r="16" />
                <circle class="reached" cx="20" cy="20" r="16" stroke-dasharray={`${(progress / target) * AROUND} ${AROUND}`} />
              </svg>
              <div>
                <h3>{title}</h3>
                <p class="hint">{text}</p>
                <p>{unlocked && unlockedDate ? `Unlocked ${new Date(unlockedDate).toLocaleDateString()}` : `${progress} of ${target}`}</p>
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
