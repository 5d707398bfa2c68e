/** The recipe `context`: how one is over the day. Four places: now, insights, days, storage. */

import "../../styles/chart.css";
import "../../styles/context.css";
import { Days } from "./days.tsx";
import { Insights } from "./insights.tsx";
import { Now } from "./now.tsx";
import { Storage } from "./storage.tsx";

const TABS = [
  { name: "now", label: "Now", Place: Now },
  { name: "insights", label: "Insights", Place: Insights },
  { name: "days", label: "Days", Place: Days },
  { name: "storage", label: "Storage", Place: Storage },
] as const;

export default function ContextView({ rest: [name, ...rest] }: { rest: string[] }) {
  const tab = TABS.find((one) => one.name === name) ?? TABS[0];
  const { Place } = tab;
  return (
    <div class="page context">
      <h1>Context</h1>
      <nav class="tabs" aria-label="Context">
        {TABS.map((one) => <a key={one.name} href={`#/context/${one.name}`} aria-current={one === tab ? "page" : undefined}>{one.label}</a>)}
      </nav>
      <Place rest={rest} />
    </div>
  );
}
