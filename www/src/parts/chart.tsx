/**
 * A chart by uPlot: lines, bars side by side or stacked, or points. Its colours are the page's, in light and dark; it is as wide as its
 * place. The picture is announced as one image; the table behind it holds every value.
 */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type uPlot from "uplot";
import "../styles/chart.css";
import { colorOf, inWords, isBlank, type ChartKind, type ChartSeries, type ChartX } from "./chart-data.ts";
import { draw } from "./chart-draw.ts";
import { ChartTable } from "./chart-table.tsx";

export interface ChartProps {
  kind: ChartKind;
  /** What it shows; the caption of its table, too. */
  title: string;
  x: ChartX;
  /** What stands on the x axis: the head of the table's first column. */
  xLabel: string;
  series: ChartSeries[];
  /** The ends of the y axis; default: from 0 to what the values need. */
  yRange?: [number, number];
  /** How a value reads; default: the reader's number format. */
  format?: (value: number) => string;
  /** In CSS pixels. */
  height?: number;
}

const numbers = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const plain = (value: number): string => numbers.format(value);

export function Chart(props: ChartProps) {
  const { title, xLabel, x, series, format = plain } = props;
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      {series.length > 1 && <Legend series={series} />}
      {isBlank(series) ? <p class="chart-blank hint">Nothing to show yet.</p> : <Picture {...props} format={format} />}
      <ChartTable title={title} xLabel={xLabel} x={x} series={series} format={format} />
    </figure>
  );
}

function Legend({ series }: { series: ChartSeries[] }) {
  return (
    <ul class="chart-legend">
      {series.map((one, index) => <li key={one.label}><span class="chart-swatch" data-color={colorOf(one, index)} />{one.label}</li>)}
    </ul>
  );
}

function Picture(props: ChartProps & { format: (value: number) => string }) {
  const place = useRef<HTMLDivElement>(null);
  const shown = useRef<uPlot | null>(null);
  const scheme = useColorScheme();
  // A view makes its arrays anew in each render; what they hold is what counts.
  const content = JSON.stringify([props.kind, props.x, props.series, props.yRange, props.height]);
  useEffect(() => {
    if (!place.current) return;
    shown.current = draw(place.current, props);
    return () => shown.current?.destroy();
  }, [content, scheme]);
  useEffect(() => {
    if (!place.current) return;
    const watch = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      if (width > 0 && shown.current) shown.current.setSize({ width, height: shown.current.height });
    });
    watch.observe(place.current);
    return () => watch.disconnect();
  }, []);
  const words = useMemo(() => `${props.title}. ${inWords(props.series)}`, [content]);
  return <div ref={place} class="chart-picture" role="img" aria-label={words} />;
}

function useColorScheme(): "light" | "dark" {
  const [dark, setDark] = useState(() => matchMedia("(prefers-color-scheme: dark)").matches);
  useEffect(() => {
    const query = matchMedia("(prefers-color-scheme: dark)");
    const follow = (): void => setDark(query.matches);
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }, []);
  return dark ? "dark" : "light";
}
