-- Settling: what becomes of mutations of one table, operation and set of columns.
--
-- decide() and decide_delete() are the policies, pure functions of one mutation and the row it met. settle_inserts(),
-- settle_updates() and settle_deletes() carry the decisions out for many rows in one statement each and answer with an object:
-- ordinal of the mutation -> [outcome, rev, detail]. All is security invoker: row-level security decides what exists.
-- The app's own triggers and policies run in here, so the functions that touch its tables have the search path that PostgREST
-- gives; all names of ours are qualified all the same. Invariant: a row that an answer calls applied or merged is known to the client in full after that answer.

-- A plain expression without settings of its own, so that it is inlined; it names nothing outside pg_catalog.
create function thermocline.stamp_of(stamps jsonb, col text, now_us bigint) returns bigint
  language sql immutable
as $$
  -- A stamp ahead of the server's clock counts as the server's clock; so does none at all.
  select least(coalesce((case jsonb_typeof(stamps) when 'object' then stamps ->> col else stamps #>> '{}' end)::bigint, now_us), now_us)
$$;
comment on function thermocline.stamp_of(jsonb, text, bigint) is 'A mutation''s stamp for a column: one for all, or one per column.';

create function thermocline.decide(
  policy text, cols text[], m jsonb, sent jsonb, held jsonb, is_current boolean, now_us bigint,
  out verdict text, out take jsonb)
  language plpgsql immutable set search_path = ''
as $$
declare
  saw constant jsonb := m -> '_w';
  lost boolean;
begin
  if policy = 'version' and not is_current then -- the version that the edit saw is among its old values
    is_current := null;
    if coalesce((held ->> 'version')::numeric > (saw ->> 'version')::numeric, true) then policy := 'remote-wins'; end if;
  end if;
  if policy = 'remote-wins' and is_current is not true then
    verdict := 'superseded';
    take := '{}';
    return;
  end if;
  select coalesce(jsonb_object_agg(c.name, greatest(c.stamp, c.held_at + 1)) filter (where c.taken), '{}'), bool_or(not c.taken)
    into take, lost
    from (
      select d.name, d.stamp, d.held_at, case
          when is_current or policy in ('local-wins', 'version') then true
          when sent -> d.name = held -> d.name then true
          when policy in ('merge', 'ask') and saw -> d.name = held -> d.name then true
          when policy = 'ask' then false
          else d.stamp > d.held_at end as taken
        from (
          select name, thermocline.stamp_of(m -> '_t', name, now_us) as stamp,
              coalesce(held -> '_at' ->> name, held -> '_at' ->> '*', '-1')::bigint as held_at
            from unnest(cols) name) d) c;
  verdict := case
    when is_current then 'applied'
    when policy = 'ask' and lost then 'conflict'
    when lost and take = '{}' then 'superseded'
    else 'merged' end;
  if verdict = 'conflict' then take := '{}'; end if;
end $$;
comment on function thermocline.decide(text, text[], jsonb, jsonb, jsonb, boolean, bigint) is
  'An update''s verdict, and the columns it may set with their stamps. is_current: the row is still the one the edit saw.';

create function thermocline.latest(stamps jsonb, if_none bigint) returns bigint
  language sql immutable set search_path = ''
as $$
  select coalesce(case jsonb_typeof(stamps) when 'object' then (select max(value::bigint) from jsonb_each_text(stamps))
    else (stamps #>> '{}')::bigint end, if_none)
$$;
comment on function thermocline.latest(jsonb, bigint) is 'The latest of some stamps.';

create function thermocline.decide_delete(policy text, m jsonb, held jsonb, is_current boolean, now_us bigint) returns text
  language sql immutable set search_path = ''
as $$
  select case
    when is_current or policy = 'local-wins' then 'applied'
    when policy = 'ask' then 'conflict'
    when policy in ('latest-wins', 'merge') and thermocline.latest(held -> '_at', -1) < least(thermocline.latest(m -> '_t', now_us), now_us)
      then 'applied'
    else 'superseded' end
$$;
comment on function thermocline.decide_delete(text, jsonb, jsonb, boolean, bigint) is
  'A delete''s verdict: by latest-wins and merge it must be later than every change of the row.';

create function thermocline.is_current(rev bigint, base bigint, xid bigint) returns boolean
  language sql stable set search_path = ''
as $$
  select coalesce(rev = base or rev >> 22 = xid
    or base = 1 and rev >> 22 >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint, false)
$$;
comment on function thermocline.is_current(bigint, bigint, bigint) is
  'Whether the row is still the one an edit saw, or this very push wrote it. Base 1 is any revision from beyond this history.';

create function thermocline.shown(held jsonb) returns jsonb
  language sql stable -- inlined, as stamp_of is
  as $$ select jsonb_build_object('row', held - '{_rev,_at}'::text[]) $$;
comment on function thermocline.shown(jsonb) is 'The detail of an answer that carries the whole row.';

create function thermocline.set_otherwise(stored text, expected text) returns text
  language sql immutable set search_path = ''
as $$
  select format($q$(
    select jsonb_build_object('set', jsonb_object_agg(c.key, c.value)) from jsonb_each(%1$s) c
      where c.value is distinct from %2$s -> c.key and c.key not in ('_rev', '_at') having count(*) > 0)$q$, stored, expected)
$$;
comment on function thermocline.set_otherwise(text, text) is
  'SQL: the detail of an applied mutation, columns whose stored value differs from what the client expects; null if none.';

create function thermocline.refusal(code text, message text, shown jsonb default '{}') returns jsonb
  language sql immutable set search_path = ''
as $$
  select jsonb_build_array('rejected', null, jsonb_build_object('error', jsonb_build_object('code', code, 'message', message)) || shown)
$$;
comment on function thermocline.refusal(text, text, jsonb) is 'The answer to a mutation that is refused for good.';

create function thermocline.same_key(t thermocline.tables, a text, b text) returns text
  language sql immutable set search_path = ''
  as $$ select string_agg(format('%s.%2$I = %3$s.%2$I', a, k, b), ' and ') from unnest(t.key) k $$;
comment on function thermocline.same_key(thermocline.tables, text, text) is 'SQL: two rows have the same key.';

create function thermocline.settle_inserts(t thermocline.tables, cols text[], batch jsonb) returns jsonb
  language plpgsql volatile set search_path = public, extensions
as $$
declare
  names text;
  vals text;
  stamps text := '';
  answers jsonb;
begin
  select string_agg(format('%I', c), ', '), string_agg(format('(s.r).%I', c), ', ') into names, vals
    from (select unnest(t.key) union select unnest(cols)) q(c);
  if t.stamped then
    names := names || ', _at';
    stamps := ', (select jsonb_object_agg(c, thermocline.stamp_of(s.m -> ''_t'', c, $3)) from unnest($2) c)';
  end if;
  execute format($q$
    with src as materialized (
      select e.m, jsonb_populate_record(null::%1$s, e.m) as r from jsonb_array_elements($1) e(m)),
    written as (
      insert into %1$s as x (%2$s)
        select %3$s%4$s from src s where not exists (select from %1$s x where %5$s)
        on conflict (%6$s) do nothing
        returning x.*)
    select jsonb_object_agg(s.m ->> '_o', jsonb_build_array('applied', x._rev::text, %7$s))
      from src s join written x on %5$s
  $q$, t.relation, names, vals, stamps, thermocline.same_key(t, 'x', '(s.r)'), (select string_agg(format('%I', k), ', ') from unnest(t.key) k),
    thermocline.set_otherwise('to_jsonb(x)', 's.m'))
    into answers using batch, cols, thermocline.now_us();
  return coalesce(answers, '{}');
end $$;
comment on function thermocline.settle_inserts(thermocline.tables, text[], jsonb) is
  'Inserts rows whose key is free and answers those; the others are left to settle_updates().';

create function thermocline.settle_kept(t thermocline.tables, batch jsonb) returns jsonb
  language plpgsql volatile set search_path = public, extensions
as $$
declare
  answers jsonb;
begin
  execute format($q$
    select jsonb_object_agg(e.m ->> '_o', case
        when x._rev is null then thermocline.refusal('42501', 'the key is taken by a row that is not visible')
        else jsonb_build_array('superseded', x._rev::text, thermocline.shown(to_jsonb(x))) end)
      from jsonb_array_elements($1) e(m) cross join lateral jsonb_populate_record(null::%1$s, e.m) r left join %1$s x on %2$s
  $q$, t.relation, thermocline.same_key(t, 'x', 'r'))
    into answers using batch;
  return coalesce(answers, '{}');
end $$;
comment on function thermocline.settle_kept(thermocline.tables, jsonb) is
  'Answers inserts whose key is taken, and that give way or are about a table whose rows the caller may not change: what is there stays.';

create function thermocline.settle_updates(t thermocline.tables, op text, cols text[], batch jsonb, xid bigint) returns jsonb
  language plpgsql volatile set search_path = public, extensions
as $$
declare
  changes text;
  answers jsonb;
begin
  cols := array(select c from unnest(cols) c where c <> all (t.key));
  select coalesce(string_agg(format('%1$I = case when d.take ? %1$L then (s.r).%1$I else x.%1$I end', c), ', '),
      format('%1$I = x.%1$I', t.key[1])) || case when t.stamped then ', _at = coalesce(x._at, ''{}'') || d.take' else '' end
    into changes from unnest(cols) c;
  execute format($q$
    with src as materialized (
      select e.m ->> '_o' as o, e.m, jsonb_populate_record(null::%1$s, e.m) as r from jsonb_array_elements($1) e(m)),
    found as materialized (
      select s.o, s.m, to_jsonb(s.r) as sent, x._rev as rev, to_jsonb(x) as held
        from src s join %1$s x on %2$s for no key update of x),
    decided as materialized (
      select f.o, f.m, f.rev, f.held, d.verdict, d.take from found f,
        thermocline.decide($3, $4, f.m, f.sent, f.held, thermocline.is_current(f.rev, (f.m ->> '_b')::bigint, $5), $6) d),
    written as (
      update %1$s x set %3$s from decided d join src s using (o)
        where %2$s and d.verdict in ('applied', 'merged')
        returning d.o, x._rev as rev, to_jsonb(x) as held)
    select jsonb_object_agg(s.o, case
        when d.o is null and $2 = 'upd' and $3 = 'ask' and (select jsonb_object_agg(k, to_jsonb(s.r) -> k) from unnest($7) k) in (
            select t.key from thermocline.tombstones t where t.name = $8 and (t.owner is null or t.owner = auth.uid()))
          then '["conflict",null,{"row":null}]'
        when d.o is null and $2 = 'upd' then '["hidden",null,null]'
        when d.o is null then thermocline.refusal('42501', 'the key is taken by a row that is not visible')
        when w.o is null then jsonb_build_array(case d.verdict when 'conflict' then d.verdict else 'superseded' end,
          d.rev::text, thermocline.shown(d.held))
        when d.verdict = 'applied' and d.rev = (d.m ->> '_b')::bigint then jsonb_build_array('applied', w.rev::text, %4$s)
        else jsonb_build_array('merged', w.rev::text, thermocline.shown(w.held)) end)
      from src s left join decided d using (o) left join written w using (o)
  $q$, t.relation, thermocline.same_key(t, 'x', '(s.r)'), changes,
    thermocline.set_otherwise('w.held', '(case when c.key = any ($4) then d.m else d.held end)'))
    into answers using batch, op, t.policy, cols, xid, thermocline.now_us(), t.key, t.name;
  return coalesce(answers, '{}');
end $$;
comment on function thermocline.settle_updates(thermocline.tables, text, text[], jsonb, bigint) is
  'Locks the rows that mutations meet, lets the policy decide, writes what may be written.';

create function thermocline.settle_deletes(t thermocline.tables, batch jsonb, xid bigint) returns jsonb
  language plpgsql volatile set search_path = public, extensions
as $$
declare
  met jsonb;
  buried jsonb;
  answers jsonb;
begin
  execute format($q$
    with src as materialized (
      select e.m ->> '_o' as o, e.m, jsonb_populate_record(null::%1$s, e.m) as r from jsonb_array_elements($1) e(m)),
    decided as materialized (
      select s.o, s.r, x._rev as rev, to_jsonb(x) as held, thermocline.decide_delete($2, s.m, to_jsonb(x),
          thermocline.is_current(x._rev, (s.m ->> '_b')::bigint, $3), $4) as verdict
        from src s join %1$s x on %2$s),
    removed as (
      delete from %1$s x using decided s where %2$s and x._rev = s.rev and s.verdict = 'applied' returning s.o)
    select jsonb_object_agg(s.o, jsonb_build_object('rev', d.rev::text, 'verdict', d.verdict, 'removed', r.o is not null,
        'held', d.held, 'key', (select jsonb_object_agg(k, coalesce(d.held, s.m) -> k) from unnest($5) k)))
      from src s left join decided d using (o) left join removed r using (o)
  $q$, t.relation, thermocline.same_key(t, 'x', '(s.r)'))
    into met using batch, t.policy, xid, thermocline.now_us(), t.key;
  select jsonb_object_agg(d.key::text, d.rev::text) into buried
    from thermocline.tombstones d where d.name = t.name and d.rev >= xid << 22 and (d.owner is null or d.owner = auth.uid());
  execute format($q$
    select jsonb_object_agg(m.key, case
        when m.value ->> 'removed' = 'true' then jsonb_build_array('applied', $3 ->> (m.value ->> 'key'), null)
        when m.value ->> 'verdict' in ('conflict', 'superseded') then
          jsonb_build_array(m.value -> 'verdict', m.value -> 'rev', thermocline.shown(m.value -> 'held'))
        when x._rev is null then '["applied",null,null]'
        when x._rev >> 22 = $2 then jsonb_build_array('superseded', x._rev::text, thermocline.shown(to_jsonb(x)))
        when x._rev::text = m.value ->> 'rev' then
          thermocline.refusal('42501', 'the row may be read but not deleted', thermocline.shown(to_jsonb(x)))
        else jsonb_build_array('busy') end)
      from jsonb_each($1) m left join %1$s x on m.value ->> 'removed' = 'false' and %2$s
  $q$, t.relation, thermocline.same_key(t, 'x', format('(jsonb_populate_record(null::%s, m.value -> ''key''))', t.relation)))
    into answers using met, xid, buried;
  if jsonb_path_exists(answers, '$.*[0] ? (@ == "busy")') then
    raise exception using errcode = '40001', message = 'a row changed while it was being deleted';
  end if;
  return answers;
end $$;
comment on function thermocline.settle_deletes(thermocline.tables, jsonb, bigint) is
  'Deletes what the policy lets go and answers with the tombstones'' revisions.';

create function thermocline.settle(t thermocline.tables, op text, ignore boolean, cols text[], batch jsonb, xid bigint) returns jsonb
  language plpgsql volatile set search_path = ''
as $$
declare
  answers jsonb := '{}';
  rest jsonb := batch;
begin
  if op = 'del' then return thermocline.settle_deletes(t, batch, xid); end if;
  if op in ('ins', 'ups') then
    answers := thermocline.settle_inserts(t, cols, batch);
    select coalesce(jsonb_agg(e), '[]') into rest from jsonb_array_elements(batch) e where not answers ? (e ->> '_o');
    if ignore then t.policy := 'remote-wins'; end if;
  end if;
  if rest = '[]' then return answers; end if;
  -- Who gives way asks for no right to change; and a table may have such a right granted without any policy for it.
  if op in ('ins', 'ups') and (ignore or not has_any_column_privilege(t.relation, 'update')) then
    return answers || thermocline.settle_kept(t, rest);
  end if;
  return answers || thermocline.settle_updates(t, op, cols, rest, xid);
end $$;
comment on function thermocline.settle(thermocline.tables, text, boolean, text[], jsonb, bigint) is
  'Answers mutations of one table, operation and set of columns: ordinal -> [outcome, rev, detail].';
