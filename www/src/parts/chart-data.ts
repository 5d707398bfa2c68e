/**
 * What a chart shows, as plain arrays: how series are stacked, put side by side and listed in the table behind the chart. The words
 * that a chart's picture is announced with.
 */

export type ChartKind = "line" | "bars" | "stacked" | "scatter";

/** One of the eight colours of the chart palette; see styles/chart.css. */
export type ChartColor = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

export type ChartValue = number | null;

export interface ChartSeries {
  label: string;
  /** One for each place on the x axis; null leaves a gap. */
  values: ChartValue[];
  /** Default: its place among the series. */
  color?: ChartColor;
  /** Bars of these places stand out. */
  marked?: number[];
}

/** Names stand at equal distances; times are in milliseconds since 1970. Both in ascending order. */
export type ChartX = { names: string[] } | { times: number[] } | { numbers: number[] };

const PALETTE = 8;
const FULL_WIDTH = 0.8;

export const colorOf = ({ color }: ChartSeries, index: number): ChartColor => color ?? (((index % PALETTE) + 1) as ChartColor);

/** The places as numbers that a scale can hold: names by their index, times in seconds. */
export function placesOf(x: ChartX): number[] {
  if ("names" in x) return x.names.map((_, index) => index);
  return "times" in x ? x.times.map((ms) => ms / 1_000) : x.numbers;
}

/** Each series on top of those before it; null counts as nothing. */
export function stack(series: ChartSeries[]): number[][] {
  const heights: number[][] = [];
  for (const { values } of series) {
    const below = heights.at(-1);
    heights.push(values.map((value, index) => (value ?? 0) + (below?.[index] ?? 0)));
  }
  return heights;
}

/** Where the bars of the `index`th of `count` series begin, and how wide they are, where places are 1 apart. */
export function beside(places: number[], index: number, count: number): { starts: number[]; width: number } {
  const width = FULL_WIDTH / count;
  return { starts: places.map((place) => place - FULL_WIDTH / 2 + index * width), width };
}

/** Whether there is nothing to draw. */
export const isBlank = (series: ChartSeries[]): boolean => series.every(({ values }) => values.every((value) => value === null));

/** The highest value a scale has to reach. */
export function highest(kind: ChartKind, series: ChartSeries[]): number {
  const all = kind === "stacked" ? stack(series).flat() : series.flatMap(({ values }) => values);
  return all.reduce<number>((max, value) => Math.max(max, value ?? 0), 0);
}

/** “Focus: 3 values from 4 to 8.5. Energy: no values.” */
export function inWords(series: ChartSeries[]): string {
  return series.map(({ label, values }) => {
    const known = values.filter((value) => value !== null);
    if (known.length === 0) return `${label}: no values.`;
    const range = known.reduce(([min, max], value) => [Math.min(min, value), Math.max(max, value)] as const, [Infinity, -Infinity] as const);
    return `${label}: ${known.length} ${known.length === 1 ? "value" : "values"} from ${range[0]} to ${range[1]}.`;
  }).join(" ");
}
