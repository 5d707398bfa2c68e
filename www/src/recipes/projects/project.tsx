/** One project: what the agent says of it, with reasons and steps, and what happened to it as charts. */

import { useState } from "preact/hooks";
import type { Project, ProjectActivity, Timeframe, Todo } from "thermocline/recipes/projects";
import { Chart } from "../../parts/chart.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { Empty, Failed, Loading } from "../../parts/state.tsx";
import { useAction } from "../../state/action.ts";
import { counted, day } from "../../words.ts";
import { HealthDial, SyncChip } from "./chip.tsx";
import { useFresh, usePlans } from "./plans.ts";

const WINDOWS: Timeframe[] = ["7d", "30d", "90d"];

export function ProjectPage({ id }: { id: string }) {
  const [window, setWindow] = useState<Timeframe>("30d");
  const found = useFresh(async (plans) => {
    const project = await plans.getProject(id);
    if (!project) return null;
    const [summary, analysis, todos, activities] = await Promise.all([
      plans.generateProjectSummary(id, window), plans.analyzeProject(id, window), plans.getTodos({ project: id }), plans.getProjectActivities(id, "90d"),
    ]);
    return { project, summary, analysis, todos, activities };
  }, `${id} ${window}`);
  if (found.state === "loading") return <Loading what="the project" />;
  if (found.state === "failed") return <Failed error={found.error} />;
  if (found.value === null) return <Empty icon="projects" title="There is no such project"><a class="button" href="#/projects/projects">All projects</a></Empty>;
  const { project, summary, analysis, todos, activities } = found.value;
  const { velocity, productivity, timeToCompletion } = summary.metrics;
  const { confidence, date } = analysis.predictiveInsights;
  return (
    <>
      <section class="card" aria-labelledby="project">
        <div class="project-head">
          <HealthDial score={analysis.healthAssessment.score} />
          <div><h2 id="project">{project.title} <SyncChip status={project.sync_status} /></h2><p class="hint">{project.why || "No reason why is given."}</p></div>
        </div>
        <p>{summary.insights.summary}</p>
        <ProgressField project={project} />
        <dl class="facts">
          <div><dt>Velocity</dt><dd>{velocity} h a week</dd></div>
          <div><dt>Productivity</dt><dd>{productivity ?? "–"}</dd></div>
          <div><dt>Done in</dt><dd>{timeToCompletion === null ? "not foreseeable" : counted(timeToCompletion, "day")}</dd></div>
          <div><dt>Forecast</dt><dd>{date === null ? "–" : day(date)} ({confidence} confidence)</dd></div>
          <div><dt>Progress</dt><dd>{summary.trends.progressTrend}</dd></div>
          <div><dt>Pace</dt><dd>{summary.trends.velocityTrend}</dd></div>
        </dl>
        <fieldset class="windows"><legend>Figures of the last</legend>
          {WINDOWS.map((one) => <label key={one}><input type="radio" name="window" checked={one === window} onChange={() => setWindow(one)} /> {one.slice(0, -1)} days</label>)}
        </fieldset>
      </section>
      <section class="card" aria-labelledby="reasons">
        <h2 id="reasons">Why this score</h2>
        <ul class="reasons">
          <li><span>every project begins with</span><strong>80</strong></li>
          {analysis.healthAssessment.reasons.map(({ pattern, adjustment }) => <li key={pattern}><span>{pattern}</span><strong>{adjustment > 0 ? `+${adjustment}` : adjustment}</strong></li>)}
        </ul>
      </section>
      <Lists title="Risks" none="No risk is seen." items={analysis.riskAnalysis.factors.map(({ name, sentence, steps }) => ({ name: `${name}: ${sentence}`, steps }))} />
      <Lists title="What could be better" none="Nothing to suggest." items={analysis.optimizationSuggestions.map(({ description, steps }) => ({ name: description, steps }))} />
      <Charts project={project} todos={todos} activities={activities} />
      <Remove project={project} />
    </>
  );
}

function ProgressField({ project }: { project: Project }) {
  const plans = usePlans();
  const { run, problem } = useAction(async () => undefined);
  const save = (progress: number): void => run(async () => {
    await plans.updateProject(project.id, { progress });
    return "";
  });
  return (
    <div class="field">
      <label for="progress">Progress: {project.progress} %</label>
      <input id="progress" type="range" min={0} max={100} step={5} value={project.progress} onChange={(event) => save(event.currentTarget.valueAsNumber)} />
      {problem && <p class="problem" role="alert">{problem}</p>}
    </div>
  );
}

function Lists({ title, none, items }: { title: string; none: string; items: { name: string; steps: string[] }[] }) {
  return (
    <section class="card">
      <h2>{title}</h2>
      {items.length === 0 && <p class="hint">{none}</p>}
      {items.map(({ name, steps }) => <div key={name}><h3>{name}</h3><ol class="steps">{steps.map((step) => <li key={step}>{step}</li>)}</ol></div>)}
    </section>
  );
}

const WEEK_MS = 7 * 86_400_000;

function Charts({ project, todos, activities }: { project: Project; todos: Todo[]; activities: ProjectActivity[] }) {
  const gains = activities.filter(({ kind }) => kind === "progress_changed").toReversed();
  const before = project.progress - gains.reduce((sum, { value }) => sum + (value ?? 0), 0);
  let progress = before;
  const steps = [{ at: Date.parse(gains[0]?.occurred_at ?? project.created_at) - 1, progress }, ...gains.map(({ occurred_at, value }) => ({ at: Date.parse(occurred_at), progress: (progress += value ?? 0) }))];
  const done = todos.filter(({ status, completed_at }) => status === "done" && completed_at !== null);
  const now = Date.now();
  const weeks = Array.from({ length: 12 }, (_, at) => now - (12 - at) * WEEK_MS);
  const hours = weeks.map((from) => done.filter(({ completed_at }) => inside(completed_at, from)).reduce((sum, { estimated_hours }) => sum + estimated_hours, 0));
  const rated = done.filter(({ actual_hours }) => actual_hours > 0).toSorted((a, b) => a.estimated_hours - b.estimated_hours);
  return (
    <section class="card" aria-label="Charts">
      <h2>What happened</h2>
      <Chart kind="line" title="Progress over time" xLabel="Day" x={{ times: steps.map(({ at }) => at) }} yRange={[0, 100]} series={[{ label: "Percent done", values: gains.length === 0 ? steps.map(() => null) : steps.map((step) => step.progress) }]} />
      <Chart kind="bars" title="Hours done a week, last 12 weeks" xLabel="Week" x={{ names: weeks.map((from) => day(new Date(from).toISOString()).replace(/,? \d{4}$/, "")) }} series={[{ label: "Hours", values: hours.some((value) => value > 0) ? hours : hours.map(() => null) }]} />
      <Chart kind="scatter" title="Actual hours against estimated" xLabel="Estimated hours" x={{ numbers: rated.map(({ estimated_hours }) => estimated_hours) }} series={[{ label: "Actual hours", values: rated.map(({ actual_hours }) => actual_hours) }]} />
    </section>
  );
}

const inside = (at: string | null, from: number): boolean => at !== null && Date.parse(at) >= from && Date.parse(at) < from + WEEK_MS;

function Remove({ project }: { project: Project }) {
  const plans = usePlans();
  const [asking, setAsking] = useState(false);
  const { run, problem } = useAction(async () => undefined);
  const remove = (): void => {
    setAsking(false);
    run(async () => {
      await plans.deleteProject(project.id);
      location.hash = "#/projects/projects";
      return "";
    });
  };
  return (
    <div>
      {problem && <p class="problem" role="alert">{problem}</p>}
      <button type="button" class="button quiet-danger" onClick={() => setAsking(true)}>Delete this project</button>
      {asking && <Confirm title={`Delete “${project.title}”?`} action="Delete" onConfirm={remove} onCancel={() => setAsking(false)}><p>Its todos stay, without a project.</p></Confirm>}
    </div>
  );
}
