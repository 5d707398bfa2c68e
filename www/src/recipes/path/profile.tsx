/** The profile: a question of the day, what the answers say, the archetype, katas, the chart, and what is embedded. */

import { useState } from "preact/hooks";
import type { ArchetypeAnalysis, Kata, OejtsResult, SovereignPathData } from "thermocline/recipes/path";
import { Field } from "../../parts/field.tsx";
import { Notice } from "../../parts/notice.tsx";
import { Progress } from "../../parts/progress.tsx";
import { Failed, Loading } from "../../parts/state.tsx";
import { useAction } from "../../state/action.ts";
import { Radar } from "./radar.tsx";
import { accepted, useLoaded, usePath } from "./recipe.ts";
import { pairOf, SCALES } from "./words.ts";

const nothing = async (): Promise<void> => undefined;

export function Profile() {
  const { value, error, reload } = useLoaded(async (path) => {
    const [data, next, archetype] = await Promise.all([path.fetchSovereignPathData(), path.nextQuestion(), path.analyseArchetype()]);
    return { data, next, archetype };
  }, ["oejts_answers", "katas", "sovereign_path_data", "sovereign_logs"]);
  if (error) return <Failed error={error} onRetry={reload} />;
  if (!value) return <Loading what="your profile" />;
  return (
    <>
      <Questionnaire question={value.next} result={value.data.oejtsResults} />
      <Archetype analysis={value.archetype} />
      <Katas katas={value.data.katas} />
      <Settings data={value.data} />
    </>
  );
}

function Questionnaire({ question, result }: { question: number | null; result: OejtsResult | null }) {
  const recipe = usePath();
  const action = useAction(nothing);
  const [first, second] = question === null ? ["", ""] : pairOf(question);
  const answer = (value: number): void => action.run(async () => {
    if (question !== null) accepted(await recipe.answerQuestion(question, value));
    return `Question ${question} is answered.`;
  });
  const answered = Math.round(((result?.completionPercentage ?? 0) * 60) / 100);
  return (
    <section class="card" aria-labelledby="path-questions">
      <h2 id="path-questions">Which are you?</h2>
      {question === null ? <p>All sixty questions are answered.</p> : (
        <div class="path-pair" role="group" aria-label={`From ${first} to ${second}`}>
          <span>{first}</span>
          <div class="path-choices">{[1, 2, 3, 4, 5].map((value) => (
            <button key={value} type="button" class="button icon-only" aria-label={`${value} of 5, from ${first} to ${second}`} onClick={() => answer(value)}>{value}</button>
          ))}</div>
          <span>{second}</span>
        </div>
      )}
      <Progress label={`${answered} of 60 answered${result?.type ? `: ${result.type}, ${result.dominantFunctions.join(" then ")}` : ""}`} done={answered} total={60} />
      <dl class="path-scales">{SCALES.map(({ key, name }) => {
        const mean = result?.scores[key] ?? null;
        return <div key={key}><dt>{name}</dt><dd>{mean === null ? "–" : mean.toFixed(2)}<meter min={1} max={5} value={mean ?? 3} aria-label={name} /></dd></div>;
      })}</dl>
      <p class="hint" role="status">{action.result}</p>
      {action.problem && <Notice kind="bad">{action.problem}</Notice>}
    </section>
  );
}

function Archetype({ analysis }: { analysis: ArchetypeAnalysis }) {
  return (
    <section class="card" aria-labelledby="path-archetype">
      <h2 id="path-archetype">Archetype</h2>
      {analysis.dominant === null ? <p class="hint">It shows after the first wins, katas, insights and urges in your log.</p> : (
        <div class="path-archetype">
          <Radar scores={analysis.scores} />
          <div>
            <p class="lead">{analysis.dominant}{analysis.shadow && ", in its shadow"}</p>
            <ul>{Object.entries(analysis.scores).map(([name, percent]) => <li key={name}>{name} {percent} %</li>)}</ul>
            <p class="hint">From your newest {analysis.sampleSize} entries.</p>
          </div>
        </div>
      )}
    </section>
  );
}

function Katas({ katas }: { katas: Kata[] }) {
  const recipe = usePath();
  const action = useAction(nothing);
  const [name, setName] = useState("");
  const add = (event: Event): void => {
    event.preventDefault();
    action.run(async () => {
      accepted(await recipe.saveKata({ name }));
      setName("");
      return "Added.";
    });
  };
  const turn = ({ name: kata, active }: Kata): void => action.run(async () => {
    accepted(await recipe.saveKata({ name: kata, active: !active }));
    return active ? `${kata} rests.` : `${kata} is active again.`;
  });
  return (
    <section class="card" aria-labelledby="path-katas">
      <h2 id="path-katas">Katas</h2>
      <ul class="path-katas">{katas.map((kata) => (
        <li key={kata.key}>
          <label><input type="checkbox" checked={kata.active} onChange={() => turn(kata)} /> {kata.name}</label>
          <span class="hint">{kata.timesPerformed} times</span>
        </li>
      ))}</ul>
      <form class="path-filters" onSubmit={add}>
        <Field id="path-kata" label="New kata">{(wiring) => <input {...wiring} required value={name} onInput={(event) => setName(event.currentTarget.value)} />}</Field>
        <button type="submit" class="button">Add</button>
      </form>
      <p class="hint" role="status">{action.result}</p>
      {action.problem && <Notice kind="bad">{action.problem}</Notice>}
    </section>
  );
}

function Settings({ data }: { data: SovereignPathData }) {
  const recipe = usePath();
  const action = useAction(nothing);
  const [chart, setChart] = useState(data.humanDesignChart === null ? "" : JSON.stringify(data.humanDesignChart, null, 2));
  const save = (change: Parameters<typeof recipe.syncSovereignPathData>[0]): void => action.run(async () => {
    accepted(await recipe.syncSovereignPathData(change));
    return "Saved on this device.";
  });
  const saveChart = (event: Event): void => {
    event.preventDefault();
    let humanDesignChart: unknown;
    try {
      humanDesignChart = chart.trim() === "" ? null : JSON.parse(chart);
    } catch {
      action.run(async () => { throw new Error("The chart is not valid JSON. Paste the whole text that your calculator gave."); });
      return;
    }
    save({ humanDesignChart });
  };
  return (
    <form class="card" onSubmit={saveChart} aria-labelledby="path-settings">
      <h2 id="path-settings">Chart and search</h2>
      <Field id="path-chart" label="Chart, as JSON" hint="It is void when birth data change.">{(wiring) => (
        <textarea {...wiring} rows={4} value={chart} onInput={(event) => setChart(event.currentTarget.value)} />
      )}</Field>
      <div class="actions"><button type="submit" class="button">Save chart</button><span class="hint" role="status">{action.result}</span></div>
      <Field id="path-embed" label="Searched by meaning">{(wiring) => (
        <select {...wiring} value={data.settings.embed} onChange={(event) => save({ settings: { embed: event.currentTarget.value as "selected" | "all" } })}>
          <option value="selected">Insights, wins, and what you rated well</option>
          <option value="all">The whole log</option>
        </select>
      )}</Field>
      {action.problem && <Notice kind="bad">{action.problem}</Notice>}
    </form>
  );
}
