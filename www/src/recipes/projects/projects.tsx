/** All projects as cards: progress, health, sync state; and a new one. */

import { useState } from "preact/hooks";
import type { Project } from "thermocline/recipes/projects";
import { Empty, Failed, Loading } from "../../parts/state.tsx";
import { useAction } from "../../state/action.ts";
import { counted } from "../../words.ts";
import { HealthDial, SyncChip } from "./chip.tsx";
import { useFresh, usePlans } from "./plans.ts";

/** More are counted, not judged: the list stays quick. */
const SHOWN = 60;

export function ProjectsTab() {
  const rows = useFresh(async (plans) => {
    const projects = await plans.getProjects();
    const shown = projects.slice(0, SHOWN);
    const scores = await Promise.all(shown.map(async ({ id }) => (await plans.analyzeProject(id)).healthAssessment.score));
    return { more: projects.length - shown.length, cards: shown.map((project, at) => ({ project, score: scores[at] ?? null })) };
  }, "projects");
  if (rows.state === "loading") return <Loading what="projects" />;
  if (rows.state === "failed") return <Failed error={rows.error} />;
  const { cards, more } = rows.value;
  return (
    <>
      <NewProject />
      {cards.length === 0
        ? <Empty icon="projects" title="No projects yet"><p>Name one above, or load an example under <a href="#/projects/import">Import</a>.</p></Empty>
        : <ul class="project-cards">{cards.map(({ project, score }) => <Card key={project.id} project={project} score={score} />)}</ul>}
      {more > 0 && <p class="hint">and {counted(more, "project")} that changed longer ago</p>}
    </>
  );
}

function Card({ project, score }: { project: Project; score: number | null }) {
  return (
    <li class="card project-card">
      <HealthDial score={score} />
      <div>
        <h2><a href={`#/projects/project/${project.id}`}>{project.title}</a></h2>
        <p class="hint">{project.status} · {project.priority} priority <SyncChip status={project.sync_status} /></p>
        <progress aria-label={`Progress of ${project.title}`} max={100} value={project.progress} />
        <p class="hint">{project.progress} % done</p>
      </div>
    </li>
  );
}

function NewProject() {
  const plans = usePlans();
  const [title, setTitle] = useState("");
  const [why, setWhy] = useState("");
  const { run, problem } = useAction(async () => undefined);
  const add = (event: Event): void => {
    event.preventDefault();
    if (title.trim() === "") return;
    run(async () => {
      await plans.createProject({ title: title.trim(), why });
      setTitle("");
      setWhy("");
      return "";
    });
  };
  return (
    <form class="new-todo" onSubmit={add}>
      <label class="unseen" for="new-project">Name of a new project</label>
      <input id="new-project" value={title} placeholder="New project" onInput={(event) => setTitle(event.currentTarget.value)} />
      <label class="unseen" for="new-project-why">Why it matters</label>
      <input id="new-project-why" value={why} placeholder="Why does it matter?" onInput={(event) => setWhy(event.currentTarget.value)} />
      <button type="submit" class="button primary">Add</button>
      {problem && <p class="problem" role="alert">{problem}</p>}
    </form>
  );
}
