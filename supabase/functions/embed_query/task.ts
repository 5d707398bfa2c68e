// The vector of a search text, by the model that embed_entry uses (RECIPES 6.5). Nothing is stored and nothing is read.
import { embedderOf } from '../_shared/embedding.ts';
import type { Task } from '../_shared/handle.ts';
import { invalid } from '../_shared/refusal.ts';

const TEXT_CHARS = 1000;

export const query: Task<{ text: string }> = {
  takes: 'embed_query',
  parse(body) {
    const { text, space } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
    if (space !== 'path') throw invalid('space must be "path"');
    if (typeof text !== 'string' || text.trim() === '' || text.length > TEXT_CHARS) throw invalid(`text must have 1 to ${TEXT_CHARS} characters`);
    return { text };
  },
  async answer({ text }, _caller, project) {
    const embedder = embedderOf(project);
    const embedding = await embedder.embed(text);
    if (embedding.every((value) => value === 0)) throw invalid('text must hold a word');
    return { embedding, model: embedder.model };
  },
};
