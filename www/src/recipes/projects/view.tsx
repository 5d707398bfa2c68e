/** The recipe `projects` in Daybook: its tabs, each an address of its own. */

import { Tabs } from "../../parts/tabs.tsx";
import "../../styles/projects.css";
import { BoardTab } from "./board.tsx";
import { ImportTab } from "./import.tsx";
import { ProjectPage } from "./project.tsx";
import { ProjectsTab } from "./projects.tsx";
import { SyncTab } from "./sync.tsx";
import { TodayTab } from "./today.tsx";
import { WeekTab } from "./week.tsx";

const TABS = [["today", "Today"], ["board", "Board"], ["projects", "Projects"], ["week", "Week"], ["sync", "Sync"], ["import", "Import"]] as const;

export default function ProjectsView({ rest: [asked = "today", id] }: { rest: string[] }) {
  const tab = asked === "project" ? "projects" : asked;
  return (
    <div class="page plans">
      <h1>Projects</h1>
      <Tabs label="Projects" under="#/projects" tabs={TABS} open={tab} />
      {asked === "board" && <BoardTab />}
      {asked === "projects" && <ProjectsTab />}
      {asked === "project" && id !== undefined && <ProjectPage id={id} />}
      {asked === "week" && <WeekTab />}
      {asked === "sync" && <SyncTab />}
      {asked === "import" && <ImportTab />}
      {(asked === "today" || !KNOWN.has(asked)) && <TodayTab />}
    </div>
  );
}

const KNOWN = new Set<string>([...TABS.map(([name]) => name), "project"]);
