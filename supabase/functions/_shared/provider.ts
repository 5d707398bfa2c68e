// A provider's HTTP API, asked with its key: its JSON, or a refusal that says the provider failed. What was sent and what a provider
// said about it goes nowhere else: either may hold content.
import type { Project } from './caller.ts';
import { Refusal } from './refusal.ts';

const PROVIDER_MS = 20_000;

/** @throws {Refusal} 429 `provider_busy` with its Retry-After, 502 `provider_failed` for anything else that is not JSON */
export async function providerJson(project: Project, url: string, init: RequestInit = {}): Promise<unknown> {
  const answer = await project.fetch(url, { ...init, signal: AbortSignal.timeout(PROVIDER_MS) }).catch(() => undefined);
  if (answer?.status === 429) {
    throw new Refusal(429, 'provider_busy', 'the provider takes no more calls for now; try again later', Number(answer.headers.get('retry-after')) || 60);
  }
  const body = answer?.ok ? await answer.json().catch(() => undefined) : undefined;
  if (body === undefined) throw new Refusal(502, 'provider_failed', `the provider ${answer ? `answered ${answer.status}` : 'does not answer'}; try again later`);
  return body;
}

/** A POST of JSON. */
export const posted = (body: unknown, headers: Record<string, string>): RequestInit =>
  ({ method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) });
