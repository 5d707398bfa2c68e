/** The recipe `path`: one page a tab; the address says which. */

import { Tabs } from "../../parts/tabs.tsx";
import "../../styles/path.css";
import { Achievements } from "./achievements.tsx";
import { Health } from "./health.tsx";
import { Insights } from "./insights.tsx";
import { Log } from "./log.tsx";
import { Profile } from "./profile.tsx";
import { SyncTest } from "./sync-test.tsx";
import { Today } from "./today.tsx";

const TABS = [
  { tab: "today", name: "Today", View: Today },
  { tab: "log", name: "Log", View: Log },
  { tab: "profile", name: "Profile", View: Profile },
  { tab: "insights", name: "Insights", View: Insights },
  { tab: "health", name: "Health", View: Health },
  { tab: "achievements", name: "Achievements", View: Achievements },
  { tab: "sync-test", name: "Sync test", View: SyncTest },
];

export default function PathView({ rest }: { rest: string[] }) {
  const open = TABS.find(({ tab }) => tab === rest[0]) ?? TABS[0];
  if (!open) return null;
  const { View } = open;
  return (
    <div class="page path">
      <h1>Path</h1>
      <Tabs label="Path" under="#/path" tabs={TABS.map(({ tab, name }) => [tab, name])} open={open.tab} />
      <View key={open.tab} />
    </div>
  );
}

