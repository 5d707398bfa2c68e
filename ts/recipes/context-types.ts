/** What the recipe `context` takes and gives back. */

/** How someone is at one moment. */
export interface Reading {
  /** 0 to 10; rounded to two decimals. */
  focus: number;
  energy: number;
  /** 1 to 40 characters; trimmed and lower-cased. */
  mood: string;
  activity: string;
  /** Default: now. A number is milliseconds since 1970, 0 included. */
  timestamp?: number | string | Date;
  /** Minutes by which local clocks were ahead of UTC then; default: this device's offset at that time. */
  utcOffsetMin?: number;
  /** `manual` (default) is always stored. Of `sensor` only what is worth keeping is: see `StoreResult`. */
  source?: "manual" | "sensor";
}

export interface StoreResult {
  id: string;
  stored: boolean;
  /**
   * `manual`: by hand. Of a sensor: `first` reading of all, `change` of mood or activity or by more than 1.5 points, `heartbeat` after
   * an hour. Not stored: `insignificant`, or `duplicate`: the same state was stored in the same five minutes.
   */
  reason: "manual" | "first" | "change" | "heartbeat" | "insignificant" | "duplicate";
}

export interface Insights {
  /** The window, in hours back from now. */
  hours: number;
  /** Means to two decimals; 0 without samples. */
  avgFocus: number;
  avgEnergy: number;
  /** Of focus: the newest quarter of the samples against the oldest; within a tenth it is stable. */
  trend: "improving" | "declining" | "stable";
  /** The local hour of the highest average focus, 0 to 23. */
  peakTime: number | null;
  totalSamples: number;
  /** ISO timestamps of the oldest and the newest sample. */
  timeRange: { start: string; end: string } | null;
  topActivity: { name: string; count: number } | null;
  /** `partial`: the window begins before what this device holds, and the server could not be asked. */
  coverage: "complete" | "partial";
}

export interface Patterns {
  activities: Record<string, { count: number; avg_focus: number; avg_energy: number }>;
  dominant_mood: string | null;
  /** Highest average focus among those with two samples at least. */
  best_activity: string | null;
  /** A local hour with an energy of at least 1.5 below the day's. */
  energy_dip_hour: number | null;
  /** Mean change of focus from sample to sample. */
  volatility: { value: number; label: "steady" | "variable" | "erratic" } | null;
  longest_focus_minutes: number;
}

export interface DailyInsights {
  /** A local day, `YYYY-MM-DD`. */
  date: string;
  avgFocus: number;
  avgEnergy: number;
  /** Up to three local hours, best first. */
  peakHours: number[];
  totalContexts: number;
  patterns: Patterns;
  /** `draft`: worked out here, from this device's snapshots. */
  source: "draft" | "server";
  /** The server's, of a day that is over, and nothing waits to be sent for it. */
  final: boolean;
}

/** What charts of a window are drawn from. */
export interface ContextSeries {
  /** Oldest first; `at` in milliseconds since 1970. */
  line: { at: number; focus: number; energy: number }[];
  /** 24 local hours. */
  hours: { count: number; focus: number | null }[];
  /** Up to three local hours, best first. */
  peaks: number[];
  /** Local days that have samples, oldest first, with samples by activity. */
  days: { date: string; activities: Record<string, number> }[];
  coverage: "complete" | "partial";
}

export interface Aura {
  /** Of the newest snapshot; `unknown` when it is older than two hours. */
  state: "peak" | "balanced" | "low" | "depleted" | "unknown";
  /** (focus + energy) / 2. */
  score: number | null;
}

export interface ContextStorage {
  /** In memory. */
  hot: { rows: number; bytes: number };
  /** At rest. `segments`: bytes of all tables' segments. `oldest`: ISO timestamp of the oldest snapshot on this device. */
  warm: { rows: number; bytes: number; segments: number; oldest: string | null };
  /** Of all tables. */
  outbox: { mutations: number; oldestAgeMs: number | null };
  /** Snapshots on this device, each once. */
  distinctRows: number;
  /** Bytes, as the browser estimates them for this origin. */
  quota: { used: number | null; available: number | null };
}

/** How a round ended, and what waits after it. */
export interface RoundResult {
  success: boolean;
  pending: number;
  refused: number;
  conflicts: number;
  error: { code: string; message: string } | null;
}

export interface InsightsText {
  text: string;
  figures: Insights;
  /** The provider's name; `local`: the fixed text. */
  origin: string;
}

export interface ContextExport {
  /** `context-<from>-<to>.json.gz` */
  name: string;
  /** Gzip of JSON lines: a manifest, snapshots by time, daily insights, an end that counts them. */
  file: Blob;
  /** `device`: the server could not be asked; this device may lack rows, and the manifest says `partial`. */
  origin: "server" | "device";
}

export interface SamplerStatus {
  running: boolean;
  /** Nobody is there: no input for 5 min, or the page is hidden. */
  paused: boolean;
  /** There has been no check-in by hand yet, from which energy, mood and activity are taken. */
  waiting: boolean;
  /** When the next sample is due, in milliseconds since 1970. */
  nextAt: number | null;
  /** What came of the last samples, newest first, fifty at most. */
  log: SamplerEntry[];
}

export interface SamplerEntry {
  at: number;
  stored: boolean;
  reason: StoreResult["reason"] | "idle";
}

/**
 * A sensor in this page: counts minutes with input and changes of page, and looks at nothing else. Off until it is started. It samples
 * every five minutes, ever more rarely while nothing changes, and not while nobody is there.
 */
export interface Sampler {
  start(): Promise<void>;
  stop(): void;
  /** The same object until something in it changes. */
  status(): SamplerStatus;
  /** Returns the way to stop. */
  on(callback: (status: SamplerStatus) => void): () => void;
}

export interface ContextRecipe {
  /** Durable on the device when it resolves; sent with the next round. */
  storeContext(reading: Reading): Promise<StoreResult>;
  /** Changes a snapshot; its id stays, and the figures of its day follow. False: there is none with this id. */
  editContext(id: string, changes: Partial<Omit<Reading, "source">>): Promise<boolean>;
  /** Removes a snapshot here and, by the next round, everywhere. False: there is none with this id. */
  deleteContext(id: string): Promise<boolean>;
  /** Of the last hours. */
  getRecentInsights(hours?: number): Promise<Insights>;
  getHistoricalInsights(days?: number): Promise<Insights>;
  /** Of one local day (`YYYY-MM-DD`), draft or server's; null: nothing is known of it. */
  getDailyInsights(date: string): Promise<DailyInsights | null>;
  /** The same for each day of a range that has any, newest first. */
  listDailyInsights(range: { from: string; to: string }): Promise<DailyInsights[]>;
  /** Of the last hours, for charts; `stepMin` (default 0: none): the line's points are means over so many minutes. */
  getSeries(hours: number, stepMin?: number): Promise<ContextSeries>;
  getAura(): Promise<Aura>;
  /** Runs one round now. Never rejects: `error` says why it failed. */
  syncToCloud(): Promise<RoundResult>;
  /** Snapshots on this device, each once. */
  getContextCount(): Promise<number>;
  getStorageStats(): Promise<ContextStorage>;
  /** The last 1 to 168 hours in words: the server's provider, or the fixed text where it cannot be asked. */
  generateInsights(hours?: number): Promise<InsightsText>;
  /** Local days, `YYYY-MM-DD`, both included. From the server; where it cannot be reached, what this device holds. */
  exportHistory(range: { from: string; to: string }): Promise<ContextExport>;
  sampler: Sampler;
}
