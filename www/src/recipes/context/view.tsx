/** The recipe `context`: how one is over the day. Four places: now, insights, days, storage. */

import { Tabs } from "../../parts/tabs.tsx";
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

export default function ContextView({ rest: [asked, ...rest] }: { rest: string[] }) {
  const tab = TABS.find(({ name }) => name === asked) ?? TABS[0];
  const { Place } = tab;
  return (
    <div class="page context">
      <h1>Context</h1>
      <Tabs label="Context" under="#/context" tabs={TABS.map(({ name, label }) => [name, label])} open={tab.name} />
      <Place rest={rest} />
    </div>
  );
}
