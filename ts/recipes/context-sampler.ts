/** The sampler: asks the page's sensor when it is due, and stores what is worth keeping. */
import type { Thermocline } from "../types.js";
import type { Sensed } from "./context-reading.js";
import { judge, newestByHand, newestState, type SampleState, type SampleStep } from "./context-sampling.js";
import { browserSensor, type Sensor } from "./context-sensor.js";
import type { ContextRecipe, Sampler, SamplerEntry, SamplerStatus } from "./context-types.js";

const LOG_MAX = 50;
/** How long to wait for a first check-in by hand before looking again. */
const LOOK_AGAIN_MS = 60_000;

const OFF: SamplerStatus = { running: false, paused: false, waiting: false, nextAt: null, log: [] };

export function samplerOf(tc: Thermocline, store: ContextRecipe["storeContext"]): Sampler {
  let status = OFF;
  let sensor: Sensor | null = null;
  let state: SampleState | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let step: Promise<void> = Promise.resolve();
  const watchers = new Set<(now: SamplerStatus) => void>();

  const say = (news: Partial<SamplerStatus>): void => {
    status = { ...status, ...news };
    for (const watcher of [...watchers]) watcher(status);
  };
  const plan = (nextAt: number | null): void => {
    clearTimeout(timer);
    if (nextAt !== null) timer = setTimeout(() => happen("due"), Math.max(0, nextAt - Date.now()));
    say({ nextAt });
  };
  // One after the other: a step ends with its row stored.
  const happen = (event: "due" | "input"): void => {
    step = step.then(() => (sensor ? take(sensor, event) : undefined)).catch(() => plan(Date.now() + LOOK_AGAIN_MS));
  };
  const take = async (from: Sensor, event: "due" | "input"): Promise<void> => {
    if (event === "input" && !status.paused && !status.waiting) return;
    const byHand = await newestByHand(tc);
    say({ waiting: byHand === null });
    if (byHand === null || state === null) return plan(Date.now() + LOOK_AGAIN_MS);
    const { energy, mood, activity } = byHand;
    const reading: Sensed = { focus: from.focus(), energy, mood, activity };
    const now = Date.now();
    const before = sinceByHand(state, byHand);
    const next = judge(before, event, new Date(now).toISOString(), reading, from.isIdle());
    const entry = await carryOut(next, reading, now);
    if (entry?.reason !== "duplicate") state = next.state;
    const nextAt = next.state.due_at === null ? null : Date.parse(next.state.due_at);
    say({ paused: next.state.paused, log: [...(entry ? [entry] : []), ...status.log].slice(0, LOG_MAX) });
    plan(nextAt);
  };
  const carryOut = async ({ store: worth, reason }: SampleStep, reading: Sensed, at: number): Promise<SamplerEntry | null> => {
    if (!worth) return reason === null ? null : { at, stored: false, reason };
    const { stored } = await store({ ...reading, timestamp: at, source: "sensor" });
    return { at, stored, reason: stored ? (reason ?? "change") : "duplicate" };
  };
  return {
    async start() {
      if (sensor) return;
      sensor = browserSensor(() => happen("input"));
      say({ ...OFF, running: true, log: status.log });
      state = await newestState(tc);
      happen("due");
    },
    stop() {
      sensor?.stop();
      sensor = null;
      clearTimeout(timer);
      say({ ...OFF, log: status.log });
    },
    status: () => status,
    on(callback) {
      watchers.add(callback);
      return () => watchers.delete(callback);
    },
  };
}

/** A check-in by hand since the last sample is the last that was stored, and the interval is the base again. */
function sinceByHand(state: SampleState, byHand: NonNullable<SampleState["last"]>): SampleState {
  if (state.last !== null && Date.parse(byHand.at) <= Date.parse(state.last.at)) return state;
  return { ...state, last: byHand, k: 0 };
}
