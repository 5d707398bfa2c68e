/** Everything local as a file of JSON lines, and the way back. */
import type { Engine } from "../wasm/thermocline.js";
import { ThermoclineError } from "./errors.js";
import type { Imported, TableUsage } from "./types.js";

export async function exportAll(engine: Engine): Promise<Blob> {
  const lines = [engine.exportHeader(), ...engine.exportUnsent(), `{"outbox":${engine.outbox()}}`];
  for (const { table } of JSON.parse(await engine.tables()) as TableUsage[]) {
    let next: string | undefined;
    do {
      const [line, last] = (await engine.exportRows(table, next)) as [string, string | undefined];
      lines.push(line);
      next = last;
    } while (next !== undefined);
  }
  lines.push(...engine.exportUnsent());
  return new Blob(lines.map((line) => `${line}\n`), { type: "application/jsonl" });
}

export async function importAll(engine: Engine, exported: Blob | string): Promise<Imported> {
  const found: Imported = { rows: 0, mutations: 0 };
  let database: string | undefined;
  for await (const line of linesOf(exported)) {
    if (database === undefined) {
      database = await engine.importHeader(line);
      continue;
    }
    const [rows, mutations] = (await engine.importLine(database, line)) as [number, number];
    found.rows += rows;
    found.mutations += mutations;
  }
  if (database === undefined) throw new ThermoclineError("invalid_request", "import: the file is empty");
  return found;
}

/** One line at a time: a file may be larger than memory should be. */
async function* linesOf(exported: Blob | string): AsyncGenerator<string> {
  const reader = (typeof exported === "string" ? new Blob([exported]) : exported).stream().pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    const lines = (rest + (value ?? "")).split("\n");
    rest = done ? "" : lines.pop()!;
    for (const line of lines) if (line.trim() !== "") yield line;
    if (done) return;
  }
}
