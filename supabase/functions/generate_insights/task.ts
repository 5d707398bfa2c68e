// Figures in words (RECIPES 4.7, 5.6): of the caller's last hours, which are read under their token, or for the attunement of a day from
// the pattern figures that come with the question. Only figures are told to a provider: no row, no name, no user id.
import { invalid } from '../_shared/refusal.ts';
import type { Task } from '../_shared/handle.ts';
import { attunementText, dayText, type HourFigures, type PatternFigures } from './local.ts';
import { written } from './provider.ts';

const HOURS_MAX = 168;
const QUESTION_CHARS = 500;
const NAME_CHARS = 500;
const STYLE = 'Write to the person, plainly and kindly, in English, without advice on health. Name only figures that are given.';

type Asked = { kind: 'day'; hours: number } | { kind: 'attunement'; question: string; figures: PatternFigures };

export const insights: Task<Asked> = {
  takes: 'generate_insights',
  parse(body) {
    const { kind, ...more } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
    if (kind === 'day') return { kind, hours: hoursOf(more.hours) };
    if (kind === 'attunement') return { kind, question: questionOf(more.question), figures: figuresOf(more.figures) };
    throw invalid('kind must be "day" or "attunement"');
  },
  async answer(asked, caller, project) {
    if (asked.kind === 'day') {
      const figures = await caller.rpc<HourFigures>('context_insights', { hours: asked.hours });
      const prompt = `Say in at most 120 words what these figures of focus and energy (0 to 10) tell.\n${JSON.stringify(figures)}`;
      return { ...await written({ style: STYLE, prompt, local: dayText(figures) }, project), figures };
    }
    const { question, figures } = asked;
    const prompt = `Answer the question in at most 120 words, from these figures of 30 days.\nQuestion: ${question}\n${JSON.stringify(figures)}`;
    return { ...await written({ style: STYLE, prompt, local: attunementText(figures) }, project), figures };
  },
};

function hoursOf(hours: unknown = 24): number {
  if (!Number.isInteger(hours) || Number(hours) < 1 || Number(hours) > HOURS_MAX) throw invalid(`hours must be a whole number from 1 to ${HOURS_MAX}`);
  return Number(hours);
}

function questionOf(question: unknown): string {
  if (typeof question !== 'string' || question.trim() === '' || question.length > QUESTION_CHARS) {
    throw invalid(`question must be a text of 1 to ${QUESTION_CHARS} characters`);
  }
  return question;
}

/** Those that are known, and nothing else: what is not a figure goes nowhere. */
function figuresOf(figures: unknown): PatternFigures {
  if (typeof figures !== 'object' || figures === null || Array.isArray(figures)) throw invalid('figures must be the object of pattern figures');
  const given = figures as Record<string, unknown>;
  const count = (name: string, max = 1_000_000) => {
    const value = given[name];
    if (!Number.isInteger(value) || Number(value) < 0 || Number(value) > max) throw invalid(`figures.${name} must be a whole number from 0 to ${max}`);
    return Number(value);
  };
  const optional = (name: string, max: number) => (given[name] ?? null) === null ? null : count(name, max);
  const { topKata = null, trend } = given;
  if (topKata !== null && (typeof topKata !== 'string' || topKata.length > NAME_CHARS)) throw invalid(`figures.topKata must be a text of at most ${NAME_CHARS} characters, or null`);
  if (trend !== 'improving' && trend !== 'declining' && trend !== 'stable') throw invalid('figures.trend must be improving, declining or stable');
  return {
    urges: count('urges'), leaks: count('leaks'), transmuted: count('transmuted'), transmutationRate: optional('transmutationRate', 100),
    topLeakHour: optional('topLeakHour', 23), topKata, trend,
  };
}
