/** The recipe `path`: one page a tab; the address says which. */

import { useEffect, useRef } from "preact/hooks";
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
  const tabs = useRef<HTMLElement>(null);
  // On a phone not all tabs fit: the open one is scrolled to.
  useEffect(() => tabs.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }), [open]);
  if (!open) return null;
  const { View } = open;
  return (
    <div class="page path">
      <h1>Path</h1>
      <nav ref={tabs} class="path-tabs" aria-label="Path">
        {TABS.map(({ tab, name }) => <a key={tab} href={`#/path/${tab}`} aria-current={tab === open.tab ? "page" : undefined}>{name}</a>)}
      </nav>
      <View key={open.tab} />
    </div>
  );
}

