/** Four shares of a whole on four axes. The numbers stand beside it as text. */

import type { ArchetypeName } from "thermocline/recipes/path";

const AXES: { name: ArchetypeName; x: number; y: number }[] = [
  { name: "Sovereign", x: 0, y: -1 }, { name: "Warrior", x: 1, y: 0 }, { name: "Magician", x: 0, y: 1 }, { name: "Lover", x: -1, y: 0 },
];
const RADIUS = 40;

export function Radar({ scores }: { scores: Record<ArchetypeName, number> }) {
  const most = Math.max(1, ...Object.values(scores));
  const corners = (of: (name: ArchetypeName) => number): string => AXES.map(({ name, x, y }) => `${50 + x * of(name)},${50 + y * of(name)}`).join(" ");
  return (
    <svg class="path-radar" viewBox="0 0 100 100" aria-hidden="true" focusable="false">
      {[0.33, 0.66, 1].map((part) => <polygon key={part} class="grid" points={corners(() => RADIUS * part)} />)}
      <polygon class="area" points={corners((name) => (RADIUS * scores[name]) / most)} />
    </svg>
  );
}
