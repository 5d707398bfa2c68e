// A tiny reference client: what any device does with pull and push, without a store. Tests drive the server with it.
//
// Each call is one transaction with the role and claims that PostgREST would set. Invariant: a mutation's id is made once, so
// a batch that is sent again is the same batch.
import { randomBytes, randomUUID } from 'node:crypto';
import { connect } from './cluster.mjs';

/** A UUIDv7: time-ordered, as the devices make their keys and mutation ids. */
export function uuid7() {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The clock stamp of an edit made now, in microseconds. */
const stampNow = () => String(Date.now() * 1000);

/**
 * @typedef {{ t: string, op: 'ins' | 'upd' | 'ups' | 'del', cols: string[], row: Record<string, any> }} Mutation
 * @typedef {{ base?: string, saw?: Record<string, any>, stamp?: string | Record<string, string> }} Seen
 */

/** @returns {Mutation} */
function mutation(t, op, key, changes, { base, saw, stamp } = {}) {
  const row = { _m: uuid7(), _t: stamp ?? stampNow(), ...changes, ...key };
  if (base !== undefined) row._b = base;
  if (saw !== undefined) row._w = saw;
  return { t, op, cols: Object.keys(changes), row };
}
export const insert = (t, { id = uuid7(), ...changes }, seen) => mutation(t, 'ins', { id }, changes, seen);
export const upsert = (t, { id, ...changes }, seen) => mutation(t, 'ups', { id }, changes, seen);
export const update = (t, id, changes, seen) => mutation(t, 'upd', { id }, changes, seen);
export const remove = (t, id, seen) => mutation(t, 'del', { id }, {}, seen);

/**
 * Neighbouring mutations of one table, operation and set of columns become a group.
 * @param {Mutation[]} mutations @param {string} user
 */
export function group(mutations, user) {
  const groups = [];
  let last = '';
  for (const { t, op, cols, row } of mutations) {
    const shape = JSON.stringify([t, op, [...cols].sort()]);
    if (shape !== last) groups.push({ t, op, cols, rows: [] });
    last = shape;
    groups.at(-1).rows.push({ _u: user, ...row });
  }
  return groups;
}

/** One device of a user, on a connection of its own. */
export class Device {
  /** @param {import('pg').Client} sql @param {string} user */
  constructor(sql, user) {
    this.sql = sql;
    this.user = user;
    this.client = randomUUID();
  }

  static async open(url, user = randomUUID()) {
    return new Device(await connect(url), user);
  }

  close() {
    return this.sql.end();
  }

  /** Runs one statement as this user, in a transaction of its own. */
  async request(text, params = []) {
    await this.sql.query('begin');
    try {
      const claims = JSON.stringify({ sub: this.user, role: 'authenticated' });
      await this.sql.query("select set_config('role', 'authenticated', true), set_config('request.jwt.claims', $1, true)", [claims]);
      const { rows } = await this.sql.query(text, params);
      await this.sql.query('commit');
      return rows;
    } catch (error) {
      await this.sql.query('rollback').catch(() => {});
      throw error;
    }
  }

  /** Sends a batch as it is. */
  async send(groups) {
    return (await this.request('select public.thermocline_push(1, $1, $2) as answer', [this.client, JSON.stringify(groups)]))[0].answer;
  }

  /**
   * Sends mutations and gives their answers in order.
   * @param {Mutation[]} mutations
   * @returns {Promise<{ status: string, xid: string | null, answers: { outcome: string, rev: string | null, detail: any, duplicate: boolean }[] }>}
   */
  async push(mutations) {
    const { status, xid, groups = [] } = await this.send(group(mutations, this.user));
    const answers = groups.flat().map(([outcome, rev, detail, duplicate]) => ({ outcome, rev, detail, duplicate: duplicate === 'duplicate' }));
    return { status, xid, answers };
  }

  /** One page. */
  async pull(tables, { round = null, maxRows = 1000, ownXids = [] } = {}) {
    const params = [this.client, JSON.stringify(tables), round, maxRows, JSON.stringify(ownXids)];
    return (await this.request('select public.thermocline_pull(1, $1, $2, $3, $4, $5) as answer', params))[0].answer;
  }

  /** A whole round of one table. @returns {Promise<{ status: string, cursor: string, rows: any[], gone: any[], cold: any[] }>} */
  async pullAll(table, cursor = null, options = {}) {
    const found = { rows: [], gone: [], cold: [] };
    const tables = { [table]: { cursor, since: options.since ?? null } };
    for (let round = null; ; ) {
      const page = await this.pull(tables, { ...options, round });
      if (page.status !== 'ok') return { ...page, ...found };
      for (const part of page.pages) for (const kind of Object.keys(found)) found[kind].push(...part[kind]);
      if (!page.more) return { status: 'ok', cursor: page.cursor, ...found };
      round = page.round;
    }
  }
}
