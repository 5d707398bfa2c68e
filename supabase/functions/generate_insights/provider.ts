// Who writes a text: a provider, if its key is among the project's secrets, or the built-in `local`, which needs none and is always the
// same for the same figures. A provider that fails is replaced by `local`; `origin` tells which one it was.
import type { Project } from '../_shared/caller.ts';

const PROVIDER_MS = 20_000;
const WORDS_MAX = 120;

export interface Wanted {
  style: string;
  prompt: string;
  /** The text of `local`. */
  local: string;
}

interface Provider {
  name: string;
  /** The text, or undefined if it has none. */
  write(wanted: Wanted): Promise<string | undefined>;
}

export async function written(wanted: Wanted, project: Project): Promise<{ text: string; origin: string }> {
  const provider = openai(project);
  const text = await provider?.write(wanted).catch(() => undefined);
  return provider && text ? { text: shortened(text), origin: provider.name } : { text: wanted.local, origin: 'local' };
}

/** No more words than were asked for. */
function shortened(text: string): string {
  const words = text.trim().split(/\s+/);
  return words.length <= WORDS_MAX ? text.trim() : `${words.slice(0, WORDS_MAX).join(' ')} …`;
}

function openai(project: Project): Provider | undefined {
  const key = project.env('OPENAI_API_KEY');
  if (!key) return undefined;
  const url = `${project.env('OPENAI_BASE_URL') ?? 'https://api.openai.com/v1'}/chat/completions`;
  return {
    name: 'openai',
    async write({ style, prompt }) {
      const answer = await project.fetch(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          model: project.env('OPENAI_MODEL') ?? 'gpt-4o-mini',
          max_completion_tokens: 400,
          messages: [{ role: 'system', content: style }, { role: 'user', content: prompt }],
        }),
        signal: AbortSignal.timeout(PROVIDER_MS),
      });
      const text = answer.ok ? (await answer.json()).choices?.[0]?.message?.content : undefined;
      return typeof text === 'string' && text.trim() !== '' ? text : undefined;
    },
  };
}
