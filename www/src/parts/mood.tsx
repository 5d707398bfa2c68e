/** Moods 1 to 5 as faces with words: a picker for the editor, a small face for the list. */

import { MOODS, moodName } from "../columns.ts";

const MOUTHS = ["M8 17c1-3 7-3 8 0", "M8.5 16c1.5-1.5 5.5-1.5 7 0", "M8.5 15.5h7", "M8.5 14.5c1.5 2 5.5 2 7 0", "M8 14c.8 4.5 7.2 4.5 8 0Z"];

function Face({ mood }: { mood: number }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={`M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM9 9.2v.6M15 9.2v.6${MOUTHS[mood - 1] ?? ""}`} />
    </svg>
  );
}

export function MoodMark({ mood }: { mood: number }) {
  return (
    <span class="mood-mark" data-mood={mood}>
      <Face mood={mood} />
      {moodName(mood)}
    </span>
  );
}

interface PickerProps {
  mood: number | null;
  onPick: (mood: number | null) => void;
}

export function MoodPicker({ mood, onPick }: PickerProps) {
  return (
    <fieldset class="mood-picker">
      <legend>Mood</legend>
      <div class="mood-choices">
        {MOODS.map((name, index) => (
          <label key={name} class="mood-choice" data-mood={index + 1}>
            <input type="radio" name="mood" checked={mood === index + 1} onChange={() => onPick(index + 1)} />
            <Face mood={index + 1} />
            <span>{name}</span>
          </label>
        ))}
        <label class="mood-choice">
          <input type="radio" name="mood" checked={mood === null} onChange={() => onPick(null)} />
          <span class="mood-none" aria-hidden="true" />
          <span>None</span>
        </label>
      </div>
    </fieldset>
  );
}
