// Where Realtime hears of changes: notifications of the database (realtime.sql). A changed row is read again under each
// subscriber's own claims, so row-level security decides who hears what; a delete, as on hosted, is told to everybody by its key.

/** Whether a change is one that a `postgres_changes` binding asks for. */
function isWanted(binding, change) {
  const fits = (asked, given) => !asked || asked === '*' || asked === given;
  return fits(binding.event, change.type) && fits(binding.schema, change.schema) && fits(binding.table, change.table);
}

/** Whether a row passes a binding's filter; only `eq` is known here. */
function passes(filter, row) {
  const [, column, operator, value] = /^(\w+)=(\w+)\.(.*)$/.exec(filter ?? '') ?? [];
  return operator !== 'eq' || String(row[column]) === value;
}

/**
 * @param {{ sql: Function, asUser: Function, listen: Function }} lite
 * @param {(bindings: any[], data: any) => void} tell
 * @param {(topic: string, broadcast: any) => void} ring
 */
export async function watchChanges(lite, tell, ring) {
  /** @type {Set<{ channel: { claims: any }, event?: string, schema?: string, table?: string, filter?: string }>} */
  const bindings = new Set();
  const columns = new Map();
  let last = Promise.resolve();

  async function columnsOf(relation) {
    if (!columns.has(relation)) {
      columns.set(relation, await lite.sql(`select attname as name, format_type(atttypid, null) as type from pg_attribute
        where attrelid = $1::text::regclass and attnum > 0 and not attisdropped order by attnum`, [relation]));
    }
    return columns.get(relation);
  }

  async function rowFor(claims, relation, key) {
    const where = Object.keys(key).map((name) => `r."${name}" = k."${name}"`).join(' and ');
    const query = `select to_jsonb(r)::text as row from ${relation} r, jsonb_populate_record(null::${relation}, $1::text::jsonb) k where ${where}`;
    const rows = await lite.asUser(claims, query, [JSON.stringify(key)]);
    return rows[0] && JSON.parse(rows[0].row);
  }

  async function spread(change) {
    const relation = `"${change.schema}"."${change.table}"`;
    for (const binding of [...bindings].filter((one) => isWanted(one, change))) {
      const isDelete = change.type === 'DELETE';
      const row = isDelete ? undefined : await rowFor(binding.channel.claims, relation, change.key);
      if ((!isDelete && !row) || !passes(binding.filter, row ?? change.key)) continue;
      const shown = (await columnsOf(relation)).filter(({ name }) => !isDelete || name in change.key);
      tell([binding], {
        schema: change.schema, table: change.table, commit_timestamp: change.commit_timestamp, type: change.type, columns: shown, errors: null,
        ...(row ? { record: row } : {}), ...(change.type === 'INSERT' ? {} : { old_record: change.key }),
      });
    }
  }

  const inOrder = (work) => {
    last = last.then(work).catch((error) => console.error('realtime:', error.message));
  };
  const stops = [
    await lite.listen('realtime_changes', (text) => inOrder(() => spread(JSON.parse(text)))),
    await lite.listen('realtime_broadcast', (text) => {
      const { topic, event, payload } = JSON.parse(text);
      inOrder(() => ring(topic, { type: 'broadcast', event, payload }));
    }),
  ];
  return {
    async add(binding) {
      await lite.sql('select realtime.watch()');
      bindings.add(binding);
    },
    remove: (binding) => bindings.delete(binding),
    async close() {
      for (const stop of stops) await stop();
      await last;
    },
  };
}
