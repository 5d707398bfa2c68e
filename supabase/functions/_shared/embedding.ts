// What a text means, as a vector of 384 dimensions: by a provider whose key is among the project's secrets, or by the built-in `local`,
// which needs none and is the same everywhere (RECIPES 1.6). Invariant: one model for all texts of a project: a provider that
// fails is not replaced by another, since vectors of two models cannot be compared.
import type { Project } from './caller.ts';
import { posted, providerJson } from './provider.ts';
import { Refusal } from './refusal.ts';

export const DIMENSION = 384;
const OPENAI_MODEL = 'text-embedding-3-small';
const HUGGINGFACE_MODEL = 'BAAI/bge-small-en-v1.5';

export interface Embedder {
  model: string;
  /** All zeros, which is near to nothing, if there is no word in it. @throws {Refusal} 429, 502 */
  embed(text: string): Promise<number[]>;
}

export function embedderOf(project: Project): Embedder {
  const [huggingface, openai] = [project.env('HUGGINGFACE_API_KEY'), project.env('OPENAI_API_KEY')];
  if (huggingface) return remote(HUGGINGFACE_MODEL, (text) => askHuggingface(project, huggingface, text));
  if (openai) return remote(OPENAI_MODEL, (text) => askOpenai(project, openai, text));
  return { model: 'local', embed: (text) => Promise.resolve(localEmbedding(text)) };
}

function remote(model: string, ask: (text: string) => Promise<unknown>): Embedder {
  return {
    model,
    async embed(text) {
      const vector = await ask(text);
      if (Array.isArray(vector) && vector.length === DIMENSION && vector.every((value) => Number.isFinite(value))) return vector;
      throw new Refusal(502, 'provider_failed', `the provider gave no vector of ${DIMENSION} numbers; is the right model behind its address?`);
    },
  };
}

async function askHuggingface(project: Project, key: string, text: string): Promise<unknown> {
  const base = project.env('HUGGINGFACE_BASE_URL') ?? `https://router.huggingface.co/hf-inference/models/${HUGGINGFACE_MODEL}`;
  const answer = await providerJson(project, `${base}/pipeline/feature-extraction`, posted({ inputs: text }, { authorization: `Bearer ${key}` }));
  return Array.isArray(answer) && Array.isArray(answer[0]) ? answer[0] : answer; // one vector, or a list of one
}

async function askOpenai(project: Project, key: string, text: string): Promise<unknown> {
  const base = project.env('OPENAI_BASE_URL') ?? 'https://api.openai.com/v1';
  const body = { model: OPENAI_MODEL, input: text, dimensions: DIMENSION };
  const answer = await providerJson(project, `${base}/embeddings`, posted(body, { authorization: `Bearer ${key}` }));
  return (answer as { data?: { embedding?: unknown }[] }).data?.[0]?.embedding;
}

/** Words counted by their FNV-1a-32, divided by the L2 norm. */
export function localEmbedding(text: string, dimension = DIMENSION): number[] {
  const counts = new Array<number>(dimension).fill(0);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) counts[fnv1a(word) % dimension] += 1;
  const norm = Math.sqrt(counts.reduce((sum, count) => sum + count * count, 0));
  return norm === 0 ? counts : counts.map((count) => count / norm);
}

function fnv1a(word: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(word)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
