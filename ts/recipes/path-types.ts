/** The public types of the recipe `path`: what an app passes in and what it gets back. Times are ISO texts, dates local. */

/** What became of a write. */
export interface Synced {
  /** Durable on this device, and not refused. */
  success: boolean;
  /** `queued`: waits to be sent. `synced`: nothing of its row waits. `failed`: refused, here or by the server. */
  state: "queued" | "synced" | "failed";
  /** `unauthorized`: nobody is signed in. `23514`: a named check, said in the message. Else the server's or the engine's code. */
  error?: { code: string; message: string };
  /** The row's id, once there is one. */
  id?: string;
}

/** Rows by what became of their change; they add up to `total`. */
export interface Counts {
  succeeded: number;
  failed: number;
  queued: number;
  total: number;
}

export type Category = "chat" | "journal" | "sovereign" | "feedback";
export type EntryType = "Urge/Symptom" | "Kata Performed" | "Win" | "Leak/Drain" | "Insight";
export type Routine = "morning" | "evening";

/** What each category has beside its text; ids are made where they are left out, other keys are kept. */
export interface MetadataOf {
  chat: { sessionId?: string; messageId?: string; routineContext?: string; role?: "user" | "assistant" };
  journal: {
    journalId?: string; routineType: Routine; mood?: string; physicalSensations?: string[];
    /** 0 to 10. */
    energyLevel?: number;
    insights?: string;
  };
  sovereign: {
    entryId?: string; entryType: EntryType; urgeState?: string; actionTaken?: string; kataPerformed?: string[];
    /** 0 to 10. */
    energyLevel?: number;
    analysisId?: string;
  };
  feedback: {
    feedbackId?: string; attunementId: string;
    /** 1 to 5. */
    userRating: number;
    hasCustomAnswer: boolean; vectorized?: boolean;
  };
}

export interface Progress {
  /** Days in a row up to `lastCompletedDate`. */
  complianceStreak: number;
  lastCompletedDate: string | null;
  /** Routines, two a day at most. */
  totalCompletions: number;
  bestStreak: number;
  /** The streak if it is alive today, else 0. */
  shownStreak: number;
}

export interface Achievement {
  id: string;
  unlocked: boolean;
  unlockedDate: string | null;
  progress: number;
}

export interface Patterns {
  urges: number;
  leaks: number;
  transmuted: number;
  /** Whole percent of the urges. */
  transmutationRate: number | null;
  /** Local hour, 0 to 23. */
  topLeakHour: number | null;
  topKata: string | null;
  trend: "improving" | "declining" | "stable";
  /** Each urge: when, and whether it was transmuted; oldest first. */
  urgeTimes: [at: string, transmuted: boolean][];
  /** Leaks by local hour. */
  leakHours: number[];
}

export type ArchetypeName = "Sovereign" | "Warrior" | "Magician" | "Lover";

export interface ArchetypeAnalysis {
  dominant: ArchetypeName | null;
  /** Whole percent of all points. */
  scores: Record<ArchetypeName, number>;
  shadow: boolean;
  sampleSize: number;
  analysedAt: string;
}

export interface OejtsResult {
  /** Four letters; null before each scale has five answers. */
  type: string | null;
  /** Means from 1 (first pole) to 5; null without an answer. */
  scores: Record<"IE" | "SN" | "FT" | "JP", number | null>;
  dominantFunctions: string[];
  completionPercentage: number;
}

export interface Kata {
  key: string;
  name: string;
  description: string;
  durationMinutes: number | null;
  active: boolean;
  position: number;
  /** Counted from the log. */
  timesPerformed: number;
}

export interface BirthData {
  date: string;
  time: string;
  latitude: number;
  longitude: number;
}

export interface HealthFigures {
  steps?: number | null;
  /** 0 to 24. */
  sleepHours?: number | null;
  /** Percent, 0 to 100. */
  walkingAsymmetry?: number | null;
}

export interface HealthDay extends Required<HealthFigures> {
  date: string;
  lastSync: string;
}

/** The path data an app may set; what is left out stays. New birth data void the chart. */
export interface PathDataChange {
  humanDesignChart?: unknown;
  birthData?: BirthData | null;
  settings?: { embed?: "selected" | "all" };
}

export interface SovereignPathData {
  humanDesignChart: unknown;
  birthData: BirthData | null;
  oejtsAnswers: { questionId: number; value: number; answeredAt: string }[];
  oejtsResults: OejtsResult | null;
  archetypeAnalysis: ArchetypeAnalysis | null;
  lastArchetypeUpdate: string | null;
  katas: Kata[];
  healthMetrics: (HealthFigures & { date: string }) | null;
  lastSyncDate: string | null;
  settings: { embed: "selected" | "all" };
}

export interface Location {
  latitude?: number;
  longitude?: number;
  city?: string;
  country?: string;
}

export interface CosmicData {
  location: Location;
  astronomy: Record<string, unknown>;
  cached_at: string;
  /** Older than six hours. */
  stale?: true;
}

/** The moon without a provider. */
export interface Moon {
  /** Days since new moon. */
  age: number;
  /** 0 new, 2 first quarter, 4 full, 6 last quarter. */
  phase: number;
  litPercent: number;
}

export interface AstrologyData {
  natalChart: unknown;
  /** Null unless they are today's. */
  transits: unknown;
  personalTrading: unknown;
  cached_at: string;
}

export interface Attunement {
  id: string;
  date: string;
  insightfulQuestion: string;
  synthesizedAnswer: string;
  basedOn: Record<"logCount", number> & Record<"healthMetricsAvailable" | "humanDesignAvailable" | "cosmicDataAvailable" | "astrologyDataAvailable", boolean>;
  generatedAt: string;
}

export interface Match {
  id: string;
  content: string;
  metadata: Record<string, unknown>;
  /** 1 − cosine distance; null where words were searched. */
  similarity: number | null;
  by: "meaning" | "words";
}

export interface CoachContext {
  matches: Match[];
  patterns: Patterns;
  archetype: ArchetypeAnalysis;
  attunement: Attunement | null;
}

/** A text that is being typed: written one second after the last change, the first time as a new row. */
export interface Draft {
  type(content: string): void;
  /** Writes what is not written yet. */
  save(): Promise<Synced>;
}

export type SyncTestName = "logs" | "progress" | "achievement" | "path" | "cosmic" | "astrology" | "attunement" | "embedding" | "health";

export interface SyncTestResult {
  name: SyncTestName;
  state: "passed" | "failed" | "skipped";
  /** Milliseconds. */
  tookMs: number;
  /** Why not: the code of an outcome, or `offline`. */
  code?: string;
}

export type BulkPart = "logs" | "completions" | "progress" | "achievements" | "path" | "answers" | "katas" | "attunements" | "health";

export interface PathRecipe {
  /** Today's routine, or that of an earlier date. A second time is no second completion. */
  completeRoutine(routine: Routine, date?: string): Promise<Synced>;
  syncUserProgress(): Promise<Synced>;
  /** Null: nothing was ever completed. */
  fetchUserProgress(): Promise<Progress | null>;

  addLog<C extends Category>(category: C, content: string, metadata: MetadataOf[C] & Record<string, unknown>): Promise<Synced>;
  changeLog(id: string, content: string): Promise<Synced>;
  deleteLog(id: string): Promise<Synced>;
  draftLog<C extends Category>(category: C, metadata: MetadataOf[C] & Record<string, unknown>): Draft;

  /** Works out all achievements and writes those that have grown. */
  checkAchievements(): Promise<Synced[]>;
  syncAchievement(achievement: Achievement): Promise<Synced>;
  fetchAchievements(): Promise<Achievement[]>;
  bulkSyncAchievements(list: Achievement[]): Promise<Counts>;
  /** What each achievement needs, in the order to show them. */
  achievementTargets(): [id: string, target: number][];

  fetchPatterns(): Promise<Patterns>;
  /** The archetype of the newest fifty entries; stored when ten or more came since the last. */
  analyseArchetype(): Promise<ArchetypeAnalysis>;

  /** `value`: 1 (first pole) to 5. */
  answerQuestion(questionId: number, value: number): Promise<Synced>;
  /** 1 to 60; null when all are answered. */
  nextQuestion(): Promise<number | null>;
  saveKata(kata: { name: string; description?: string; durationMinutes?: number | null; active?: boolean; position?: number }): Promise<Synced>;
  deleteKata(key: string): Promise<Synced>;
  fetchKatas(): Promise<Kata[]>;
  /** Written two seconds after the last call, as one change; resolves then. */
  syncSovereignPathData(change: PathDataChange): Promise<Synced>;
  fetchSovereignPathData(): Promise<SovereignPathData>;

  syncHealthMetrics(figures: HealthFigures, date: string): Promise<Synced>;
  /** Newest first, from `days` before today. */
  fetchHealthMetricsHistory(days?: number): Promise<HealthDay[]>;

  syncCosmicData(data: { location: Location; astronomy: Record<string, unknown> }, date: string): Promise<Synced>;
  /** Null where there is none, or only a stale one while there is a network; `stale` and offline give that, too, marked. */
  fetchCosmicData(date: string, options?: { stale?: boolean }): Promise<CosmicData | null>;
  /** The same; what is stale is fetched anew first, by the function `fetch_sky`. */
  refreshCosmicData(date: string, location: Location): Promise<CosmicData | null>;
  moonAt(at?: Date): Moon;
  syncAstrologyData(data: { natalChart?: unknown; transits?: unknown; personalTrading?: unknown }, birthData: BirthData): Promise<Synced>;
  /** Null where there is none for the profile's birth data. */
  fetchAstrologyData(): Promise<AstrologyData | null>;

  /** Makes today's, if there is none: by a provider, offline from the pattern figures. */
  syncDailyAttunement(): Promise<Synced>;
  fetchDailyAttunement(date: string): Promise<Attunement | null>;
  /** `stars`: 1 to 5. */
  rateAttunement(attunementId: string, stars: number, customAnswer?: string): Promise<Synced>;

  /** Has the server make the vector of one row of the log. Needs the network. */
  syncVectorEmbedding(logId: string): Promise<Synced>;
  /** The same for all rows that lack one; how many were made. Done by itself after a round that sent rows. */
  embedPending(): Promise<number>;
  semanticSearch(query: string | number[], threshold?: number, limit?: number): Promise<Match[]>;
  coachContext(text: string, limit?: number): Promise<CoachContext>;

  bulkSyncAllData(): Promise<Record<BulkPart, Counts>>;
  /** Writes a probe, has it sent, reads it back from the server, and removes it. */
  runSyncTest(name: SyncTestName): Promise<SyncTestResult>;

  /** Writes what waits for a pause in typing. */
  flush(): Promise<void>;
  /** Stops following the sync; the database stays open. */
  close(): Promise<void>;
}
