/** Health figures out of a CSV file: a line a day, the columns by their names, in any order. */

import type { HealthFigures } from "thermocline/recipes/path";

const COLUMNS = ["steps", "sleepHours", "walkingAsymmetry"] as const;

export function daysOfCsv(text: string): (HealthFigures & { date: string })[] {
  const [head, ...lines] = text.replace(/^\uFEFF/, "").split(/\r?\n/).filter((line) => line.trim() !== "").map((line) => line.split(/[,;]/).map((cell) => cell.trim()));
  const date = head?.indexOf("date") ?? -1;
  if (!head || date < 0) throw new Error("The file's first line must name its columns: date, steps, sleepHours, walkingAsymmetry.");
  return lines.map((cells, index) => {
    const day = cells[date] ?? "";
    if (!/^\d{4}-\d\d-\d\d$/.test(day)) throw new Error(`Line ${index + 2}: “${day}” is no date like 2026-03-10.`);
    const known = COLUMNS.flatMap((name) => {
      const cell = cells[head.indexOf(name)] ?? "";
      return cell === "" ? [] : [[name, Number(cell)] as const];
    });
    const odd = known.find(([, value]) => Number.isNaN(value));
    if (odd) throw new Error(`Line ${index + 2}: ${odd[0]} is no number.`);
    return { date: day, ...Object.fromEntries(known) };
  });
}
