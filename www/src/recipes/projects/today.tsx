/** Today: what the agent recommends, to accept or dismiss, and which todos are next. */

import type { Recommendation } from "thermocline/recipes/projects";
import { Empty, Failed, Loading } from "../../parts/state.tsx";
import { useAction } from "../../state/action.ts";
import { stateName, useFresh, usePlans } from "./plans.ts";

export function TodayTab() {
  const plans = usePlans();
  const rows = useFresh(async (asked) => ({ advice: await asked.generateDailyRecommendations(), next: await asked.getNextTodos({ limit: 8 }) }), "today");
  const { run, result, problem } = useAction(async () => undefined);
  if (rows.state === "loading") return <Loading what="today" />;
  if (rows.state === "failed") return <Failed error={rows.error} />;
  const { advice, next } = rows.value;
  const answer = ({ projectId, type, title }: Recommendation, accepted: boolean): void => run(async () => {
    await plans.updateKnowledgeBase({ kind: "workflow_optimization", projectId, type, accepted });
    if (accepted) location.hash = `#/projects/project/${projectId}`;
    return `“${title}” is ${accepted ? "accepted" : "dismissed for seven days"}.`;
  });
  if (advice.length === 0 && next.length === 0) {
    return <Empty icon="projects" title="Nothing planned yet"><p>Begin on the <a href="#/projects/board">board</a>, or load an example under <a href="#/projects/import">Import</a>.</p></Empty>;
  }
  return (
    <>
      <p role="status" class="hint">{result}</p>
      {problem && <p role="alert" class="problem">{problem}</p>}
      <section class="stack" aria-labelledby="advice">
        <h2 id="advice">Recommended today</h2>
        {advice.length === 0 && <p class="hint">No project needs anything from you.</p>}
        {advice.map((one) => (
          <article key={`${one.type} ${one.projectId}`} class="card advice" data-type={one.type}>
            <h3>{one.title}</h3>
            <p>{one.description}</p>
            <ol class="steps">{one.actions.map((action) => <li key={action}>{action}</li>)}</ol>
            <div class="actions">
              <button type="button" class="button primary" onClick={() => answer(one, true)}>Accept<span class="unseen"> {one.title}</span></button>
              <button type="button" class="button" onClick={() => answer(one, false)}>Dismiss<span class="unseen"> {one.title}</span></button>
            </div>
          </article>
        ))}
      </section>
      <section class="card" aria-labelledby="next">
        <h2 id="next">Next</h2>
        {next.length === 0 && <p class="hint">There is no open todo.</p>}
        <ol class="next">{next.map((todo) => <li key={todo.id}><span>{todo.title}</span> <span class="hint">{stateName(todo.status)} · {todo.estimated_hours} h · score {todo.score}</span></li>)}</ol>
      </section>
    </>
  );
}
