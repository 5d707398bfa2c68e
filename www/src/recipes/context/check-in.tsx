/** A check-in by hand: focus, energy, mood, activity. What is stored is on this device at once. */

import { useState } from "preact/hooks";
import { ACTIVITIES, MOODS, type StoreResult } from "thermocline/recipes/context";
import { explain } from "../../failures.ts";
import { Notice } from "../../parts/notice.tsx";
import { useContextRecipe, words } from "./recipe.ts";

const STEP = 0.25;

const SAID: Partial<Record<StoreResult["reason"], string>> = {
  manual: "Stored on this device.",
  duplicate: "This is stored already: the same state within the same five minutes is one check-in.",
};

export function CheckIn() {
  const recipe = useContextRecipe();
  const [focus, setFocus] = useState(5);
  const [energy, setEnergy] = useState(5);
  const [mood, setMood] = useState<string>("calm");
  const [activity, setActivity] = useState<string>("deep_work");
  const [said, setSaid] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const store = async (event: Event): Promise<void> => {
    event.preventDefault();
    setProblem(null);
    try {
      const { reason } = await recipe.storeContext({ focus, energy, mood, activity });
      setSaid(SAID[reason] ?? reason);
    } catch (error) {
      setSaid("");
      setProblem(explain(error));
    }
  };
  return (
    <form class="card" aria-labelledby="check-in" onSubmit={(event) => void store(event)}>
      <h2 id="check-in">How are you?</h2>
      <div class="context-fields">
        <Level id="focus" label="Focus" value={focus} onInput={setFocus} />
        <Level id="energy" label="Energy" value={energy} onInput={setEnergy} />
        <Choice id="mood" label="Mood" value={mood} names={MOODS} onChange={setMood} />
        <Choice id="activity" label="Activity" value={activity} names={ACTIVITIES} onChange={setActivity} />
      </div>
      {problem && <Notice kind="bad">{problem}</Notice>}
      <div class="actions">
        <button type="submit" class="button primary">Store</button>
        <span role="status">{said}</span>
      </div>
    </form>
  );
}

function Level({ id, label, value, onInput }: { id: string; label: string; value: number; onInput: (value: number) => void }) {
  return (
    <div class="field">
      <label for={`context-${id}`}>{label}: {value.toFixed(2)}</label>
      <input id={`context-${id}`} class="level" type="range" min={0} max={10} step={STEP} value={value} onInput={(event) => onInput(Number(event.currentTarget.value))} />
    </div>
  );
}

interface ChoiceProps {
  id: string;
  label: string;
  value: string;
  names: readonly string[];
  onChange: (value: string) => void;
}

function Choice({ id, label, value, names, onChange }: ChoiceProps) {
  return (
    <div class="field">
      <label for={`context-${id}`}>{label}</label>
      <select id={`context-${id}`} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {names.map((name) => <option key={name} value={name}>{words(name)}</option>)}
      </select>
    </div>
  );
}
