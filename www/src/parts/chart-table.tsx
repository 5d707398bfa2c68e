/** The values of a chart as a table, made when it is opened. */

import { useState } from "preact/hooks";
import { time } from "../words.ts";
import type { ChartSeries, ChartX } from "./chart-data.ts";

interface Props {
  title: string;
  xLabel: string;
  x: ChartX;
  series: ChartSeries[];
  format: (value: number) => string;
}

export function ChartTable({ title, xLabel, x, series, format }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <details class="chart-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Values as a table<span class="unseen">: {title}</span></summary>
      {open && (
        <div class="chart-rows" tabIndex={0} role="region" aria-label={`Table: ${title}`}>
          <table>
            <caption class="unseen">{title}</caption>
            <thead><tr><th scope="col">{xLabel}</th>{series.map(({ label }) => <th key={label} scope="col">{label}</th>)}</tr></thead>
            <tbody>
              {headsOf(x, format).map((head, index) => (
                <tr key={index}>
                  <th scope="row">{head}</th>
                  {series.map(({ label, values, marked }) => <td key={label}>{cell(values[index], format)}{marked?.includes(index) ? " ★" : ""}</td>)}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}

const cell = (value: number | null | undefined, format: (value: number) => string): string => (value == null ? "–" : format(value));

function headsOf(x: ChartX, format: (value: number) => string): string[] {
  if ("names" in x) return x.names;
  return "times" in x ? x.times.map(time) : x.numbers.map(format);
}
