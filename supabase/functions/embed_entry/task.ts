// The vector of a log row (RECIPES 5.7): the text is read and the vector written under the caller's token. A row whose text is embedded
// already is left alone; one that is not selected loses what it had. Called again it does no more.
import type { Caller } from '../_shared/caller.ts';
import { type Embedder, embedderOf } from '../_shared/embedding.ts';
import type { Task } from '../_shared/handle.ts';
import { invalid, Refusal } from '../_shared/refusal.ts';

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

interface Log {
  /** Null: not selected by the setting `embed`, or nothing in it. */
  text: string | null;
  /** The text of the vector that it has. */
  embedded: string | null;
  model: string | null;
}

export const entry: Task<{ log_id: string }> = {
  takes: 'embed_entry',
  parse(body) {
    const { log_id } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
    if (typeof log_id !== 'string' || !ID.test(log_id)) throw invalid('log_id must be the id of a row of sovereign_logs');
    return { log_id };
  },
  async answer({ log_id }, caller, project) {
    const log = await caller.rpc<Log | null>('log_to_embed', { log_id });
    if (!log) throw new Refusal(404, 'not_found', 'there is no such log row of yours; sync it first');
    const embedder = embedderOf(project);
    if (log.text !== null && log.text === log.embedded && log.model === embedder.model) return { success: true, state: 'unchanged', model: embedder.model };
    return await put(caller, log_id, log, embedder);
  },
};

async function put(caller: Caller, log_id: string, { text, embedded }: Log, embedder: Embedder): Promise<object> {
  if (text === null && embedded === null) return { success: true, state: 'skipped', model: embedder.model };
  const embedding = text === null ? null : JSON.stringify(await embedder.embed(text));
  const isPut = await caller.rpc<boolean>('put_log_embedding', { log_id, content: text, embedding, model: embedder.model });
  if (!isPut) throw new Refusal(409, 'changed', 'the log row was changed meanwhile; call again');
  return { success: true, state: text === null ? 'removed' : 'embedded', model: embedder.model };
}
