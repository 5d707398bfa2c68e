// What is where: the rows that PostgreSQL holds, the rows that a page shows, and how often the server
// wrote each. Rows are compared as JSON text with the keys in one order.

/** The text of a row, whatever the order of its keys. */
export function textOf(value) {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${textOf(value[key])}`).join()}}`
}

/** Texts of the rows in one order; only some columns if they are named. */
export function textsOf(rows, columns) {
  const pick = (row) => (columns ? Object.fromEntries(columns.map((column) => [column, row[column]])) : row)
  return [...rows].map((row) => textOf(pick(row))).sort()
}

/** A user's entries in PostgreSQL, as PostgREST would show them. */
export async function serverRows(server, user) {
  const found = await server.sql(
    `select to_jsonb(e) - '{_rev,_at}'::text[] as row from public.entries e where user_id = $1 order by id`, [user])
  return found.map(({ row }) => (typeof row === 'string' ? JSON.parse(row) : row))
}

/** All entries that the page shows, asked for as the app does. */
export function pageRows(page) {
  return page.evaluate(async () => {
    const { data, error } = await window.supabase.from('entries').select('*').order('id')
    if (error) throw new Error(JSON.stringify(error))
    return data
  })
}

/** Has PostgreSQL note every row that it writes from now on: how often, not only what is left. */
export async function keepLedger(server) {
  await server.sql('create table public.ledger (n bigint generated always as identity, op text, id uuid, title text)')
  await server.sql(`create function public.note() returns trigger language plpgsql security definer set search_path = '' as $$
    begin
      if tg_op = 'DELETE' then insert into public.ledger (op, id, title) values (tg_op, old.id, old.title);
      else insert into public.ledger (op, id, title) values (tg_op, new.id, new.title); end if;
      return null;
    end $$`)
  await server.sql('create trigger note after insert or update or delete on public.entries for each row execute function public.note()')
}

/** Writes that PostgreSQL carried out more than once: an insert of one id, a change to one title. Empty is good. */
export function repeated(server) {
  return server.sql(`select op, id, case op when 'UPDATE' then title end as title, count(*) from public.ledger
    group by 1, 2, 3 having count(*) > 1`)
}
