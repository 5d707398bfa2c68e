/** How a chart is told to uPlot: scales, axes and series of each kind, in the colours that the style sheet gives. */

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { beside, colorOf, highest, placesOf, stack, type ChartKind, type ChartSeries, type ChartX } from "./chart-data.ts";

export interface Drawing {
  kind: ChartKind;
  x: ChartX;
  series: ChartSeries[];
  yRange?: [number, number];
  format: (value: number) => string;
  height?: number;
}

const HEIGHT = 220;
/** Room above the highest value. */
const HEADROOM = 1.08;
/** What is stacked is counted. */
const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000, 100_000];
const LETTER_PIXELS = 7;
const BETWEEN_NAMES = 14;
const NAME_LINE = 30;
/** So that a single bar is not as wide as the chart. */
const PLACES_MIN = 5;
/** uPlot's units: values of the scale, and colours. */
const SCALE_VALUE = 1;
const COLOR = 3;

export function draw(place: HTMLElement, drawing: Drawing): uPlot {
  const { kind, x, height = HEIGHT } = drawing;
  const colors = colorsOf(place);
  const places = placesOf(x);
  const options: uPlot.Options = {
    width: Math.max(1, Math.floor(place.clientWidth)),
    height,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: kind === "line" || kind === "scatter" } },
    scales: { x: { time: "times" in x, range: xRange(drawing, places) }, y: { range: yRange(drawing) } },
    axes: axesOf(drawing, colors),
    series: [{}, ...seriesOf(drawing, colors, places)],
  };
  return new uPlot(options, [places, ...heightsOf(drawing)], place);
}

interface Colors {
  ink: string;
  grid: string;
  strong: string;
  palette: (index: number) => string;
}

function colorsOf(place: HTMLElement): Colors {
  const style = getComputedStyle(place);
  const value = (name: string): string => style.getPropertyValue(name).trim();
  return { ink: value("--ink-soft"), grid: value("--line"), strong: value("--chart-marked"), palette: (index) => value(`--chart-${index}`) };
}

/** The highest of a stack first, so that the lower ones are drawn over it. */
const heightsOf = ({ kind, series }: Drawing): (number | null)[][] =>
  kind === "stacked" ? stack(series).reverse() : series.map(({ values }) => values);

function seriesOf(drawing: Drawing, colors: Colors, places: number[]): uPlot.Series[] {
  const { kind, series } = drawing;
  const all = series.map((one, index): uPlot.Series => {
    const color = colors.palette(colorOf(one, index));
    if (kind === "line") return { label: one.label, stroke: color, width: 2, spanGaps: false, points: { show: places.length < 60, size: 6, fill: color } };
    if (kind === "scatter") return { label: one.label, stroke: color, paths: () => null, points: { show: true, size: 6, fill: color } };
    const { starts, width } = beside(places, kind === "bars" ? index : 0, kind === "bars" ? series.length : 1);
    return { label: one.label, fill: color, width: 0, points: { show: false }, paths: barsAt(starts, width, fills(one, color, colors.strong)) };
  });
  return kind === "stacked" ? all.reverse() : all;
}

const fills = ({ values, marked = [] }: ChartSeries, color: string, strong: string): string[] =>
  values.map((_, index) => (marked.includes(index) ? strong : color));

function barsAt(starts: number[], width: number, colors: string[]): uPlot.Series.PathBuilder {
  const bars = uPlot.paths.bars?.({
    disp: {
      x0: { unit: SCALE_VALUE, values: () => starts },
      size: { unit: SCALE_VALUE, values: () => starts.map(() => width) },
      fill: { unit: COLOR, values: () => colors },
    },
  });
  return bars ?? (() => null);
}

function xRange({ kind, x }: Drawing, places: number[]): uPlot.Scale.Range {
  if ("names" in x || kind === "bars" || kind === "stacked") {
    const begin = places[0] ?? 0;
    return [begin - 0.5, Math.max(places.at(-1) ?? 0, begin + PLACES_MIN - 1) + 0.5];
  }
  // A single place gets room on both sides.
  const [first = 0, last = 1] = [places[0], places.at(-1)];
  const room = first === last ? ("times" in x ? 1_800 : 0.5) : 0;
  return [first - room, last + room];
}

const yRange = ({ kind, series, yRange: given }: Drawing): uPlot.Scale.Range => given ?? [0, Math.max(highest(kind, series) * HEADROOM, 1)];

function axesOf({ kind, x, format }: Drawing, { ink, grid }: Colors): uPlot.Axis[] {
  const look = { stroke: ink, font: "12px system-ui, sans-serif", ticks: { show: false }, grid: { stroke: grid, width: 1 } };
  const names = "names" in x ? x.names : null;
  const bottom: uPlot.Axis = names === null ? {} : {
    space: Math.max(1, ...names.map(({ length }) => length)) * LETTER_PIXELS + BETWEEN_NAMES,
    size: NAME_LINE,
    incrs: [1, 2, 3, 4, 6, 7, 12, 14, 28, 56, 112, 365],
    values: (_, splits) => splits.map((split) => names[split] ?? ""),
    grid: { show: false },
  };
  return [{ ...look, ...bottom }, { ...look, size: 44, ...(kind === "stacked" ? { incrs: WHOLE } : {}), values: (_, splits) => splits.map(format) }];
}
