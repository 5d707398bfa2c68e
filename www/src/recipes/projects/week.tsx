/** The week: what is committed, its hours, how much of them is done, and the twelve weeks before. */

import type { Todo } from "thermocline/recipes/projects";
import { Chart } from "../../parts/chart.tsx";
import { Progress } from "../../parts/progress.tsx";
import { Empty, Failed, Loading } from "../../parts/state.tsx";
import { useAction } from "../../state/action.ts";
import { day, today } from "../../words.ts";
import { SyncChip } from "./chip.tsx";
import { useFresh, usePlans } from "./plans.ts";

const WEEKS = 12;

export function WeekTab() {
  const week = monday(today());
  const rows = useFresh(async (plans) => ({ todos: await plans.getTodos({ week }), weeks: await plans.getWeeklyGoals() }), week);
  if (rows.state === "loading") return <Loading what="the week" />;
  if (rows.state === "failed") return <Failed error={rows.error} />;
  const { todos, weeks } = rows.value;
  const mine = weeks.find(({ week_start_date }) => week_start_date === week);
  const hours = mine?.total_estimated_hours ?? 0;
  const counted = todos.filter(({ status }) => status === "committed" || status === "done");
  const past = weeks.toSorted((a, b) => (a.week_start_date < b.week_start_date ? -1 : 1)).filter(({ week_start_date }) => week_start_date <= week).slice(-WEEKS);
  return (
    <>
      <section class="card" aria-labelledby="this-week">
        <h2 id="this-week">Week of {day(week)} {mine && <SyncChip status={mine.sync_status} />}</h2>
        <Progress label={`${mine?.completion_rate ?? 0} % of ${hours} h done`} done={mine?.completion_rate ?? 0} total={100} />
        {counted.length === 0
          ? <Empty icon="projects" title="Nothing is committed yet"><p>Move a confirmed todo to “Committed” on the <a href="#/projects/board">board</a>.</p></Empty>
          : <ul class="ticks">{counted.map((todo) => <Tick key={todo.id} todo={todo} />)}</ul>}
      </section>
      <section class="card" aria-label="History">
        <Chart kind="bars" title="Completed, last 12 weeks" xLabel="Week" x={{ names: past.map(({ week_start_date }) => day(week_start_date).replace(/,? \d{4}$/, "")) }} yRange={[0, 100]}
          series={[{ label: "Percent of hours done", values: past.map(({ completion_rate }) => completion_rate) }]} />
      </section>
    </>
  );
}

function Tick({ todo }: { todo: Todo }) {
  const plans = usePlans();
  const { run, problem } = useAction(async () => undefined);
  const done = todo.status === "done";
  return (
    <li>
      <label>
        <input type="checkbox" checked={done} onChange={() => run(async () => {
          await plans.moveTodo(todo.id, done ? "reopen" : "finish");
          return "";
        })} />
        {todo.title}
      </label>
      <span class="hint">{todo.estimated_hours} h <SyncChip status={todo.sync_status} /></span>
      {done && <ActualHours todo={todo} />}
      {problem && <p class="problem" role="alert">{problem}</p>}
    </li>
  );
}

/** Finishing asks how long it took. */
function ActualHours({ todo }: { todo: Todo }) {
  const plans = usePlans();
  const { run } = useAction(async () => undefined);
  return (
    <label class="actual">Took
      <input type="number" min={0} max={9999} step={0.25} value={todo.actual_hours === 0 ? "" : todo.actual_hours} aria-label={`Hours that ${todo.title} took`}
        onChange={(event) => {
          const actual_hours = event.currentTarget.valueAsNumber;
          if (Number.isFinite(actual_hours)) run(async () => {
            await plans.updateTodo(todo.id, { actual_hours });
            return "";
          });
        }} /> h
    </label>
  );
}

function monday(date: string): string {
  const at = new Date(`${date}T00:00:00Z`);
  return new Date(at.getTime() - ((at.getUTCDay() + 6) % 7) * 86_400_000).toISOString().slice(0, 10);
}
