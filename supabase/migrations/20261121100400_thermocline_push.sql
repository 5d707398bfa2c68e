-- Push: a batch of mutations in one transaction, each answered, each exactly once.
--
-- Every answer but blocked and busy is remembered under (owner, mutation id) and repeated for a repeated mutation. A group is
-- settled in one go inside a subtransaction; an error halves it until only the bad rows are refused, in order. Transient
-- errors are raised: nothing is applied, nothing is remembered, the client repeats the same batch. One push per user at a
-- time. Invariant: xid is answered only if every row that this transaction stamped is answered in full, once.

create function thermocline.lock_user(uid uuid) returns boolean
  language plpgsql volatile set search_path = ''
as $$
declare
  before constant text := current_setting('lock_timeout');
begin
  perform set_config('lock_timeout', '1s', true);
  perform pg_advisory_xact_lock(hashtextextended(uid::text, 7355608));
  perform set_config('lock_timeout', before, true);
  return true;
exception when lock_not_available then
  return false;
end $$;
comment on function thermocline.lock_user(uuid) is
  'Takes the user''s lock until the transaction ends: a repeated push waits for the original. False if that takes over 1 s.';

create function thermocline.check_batch(batch jsonb) returns void
  language plpgsql stable set search_path = ''
as $$
declare
  total int;
  twice text;
begin
  if batch is null or jsonb_typeof(batch) <> 'array' then perform thermocline.refuse('batch must be an array of groups'); end if;
  if exists (select from jsonb_array_elements(batch) g where jsonb_typeof(g) <> 'object'
      or jsonb_typeof(g -> 't') is distinct from 'string' or not coalesce(g ->> 'op' in ('ins', 'upd', 'ups', 'del'), false)
      or jsonb_typeof(coalesce(g -> 'cols', '[]')) <> 'array' or jsonb_typeof(g -> 'rows') is distinct from 'array') then
    perform thermocline.refuse('a group is {t, op: ins|upd|ups|del, cols: [...], rows: [...]}');
  end if;
  select count(*) into total from jsonb_array_elements(batch) g, jsonb_array_elements(g -> 'rows') m;
  -- jsonb prints a space after each colon and comma: a quarter more than the 1 MiB that a client may send
  if total > 500 or octet_length(batch::text) > 1310720 then
    raise exception using errcode = 'PT413', message = 'invalid_request: a batch holds at most 500 mutations and 1 MiB';
  end if;
  if exists (select from jsonb_array_elements(batch) g, jsonb_array_elements(g -> 'rows') m where jsonb_typeof(m) <> 'object'
      or not coalesce(m ->> '_m' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', false)
      or coalesce(m ->> '_b', '0') !~ '^\d{1,19}$') then
    perform thermocline.refuse('a row is an object with a mutation id _m and, if any, a base rev _b');
  end if;
  select min(what) into twice from (
      select 'mutation ' || lower(m ->> '_m') as what from jsonb_array_elements(batch) g, jsonb_array_elements(g -> 'rows') m
      union all
      select format('row %s of "%s"', (select jsonb_object_agg(k, m -> k) from unnest(t.key) k), t.name)
        from jsonb_array_elements(batch) g, jsonb_array_elements(g -> 'rows') m, thermocline.tables t
        where t.name = g ->> 't' and m ?& t.key
    ) q group by what having count(*) > 1 limit 1;
  if twice is not null then perform thermocline.refuse(twice || ' occurs twice in the batch'); end if;
end $$;
comment on function thermocline.check_batch(jsonb) is 'Refuses a batch that is malformed, too large, or names a row twice.';

create function thermocline.refers(t thermocline.tables, m jsonb, refused jsonb) returns boolean
  language sql stable set search_path = ''
as $$
  select exists (
    select from pg_catalog.pg_constraint f
      join thermocline.tables parent on parent.relation = f.confrelid
      cross join jsonb_array_elements(refused) r
    where f.conrelid = t.relation and f.contype = 'f' and r ->> 't' = parent.name
      and (select bool_and(coalesce(m -> c.attname = r -> 'row' -> p.attname::text, true)) and bool_or(m -> c.attname = r -> 'row' -> p.attname::text)
        from unnest(f.conkey, f.confkey) k(child, parent)
        join pg_catalog.pg_attribute c on c.attrelid = f.conrelid and c.attnum = k.child
        join pg_catalog.pg_attribute p on p.attrelid = f.confrelid and p.attnum = k.parent))
$$;
comment on function thermocline.refers(thermocline.tables, jsonb, jsonb) is
  'Whether a mutation''s foreign keys name a row whose insert this batch did not apply.';

create function thermocline.refuses_itself(t thermocline.tables, answers jsonb) returns boolean
  language sql stable set search_path = ''
as $$
  select jsonb_path_exists(answers, '$.*[0] ? (@ == "rejected")') and exists (
    select from pg_catalog.pg_constraint f where f.conrelid = t.relation and f.confrelid = t.relation and f.contype = 'f')
$$;
comment on function thermocline.refuses_itself(thermocline.tables, jsonb) is
  'Whether a refused row may be the parent of another one in the same statement, which must then be settled apart.';

create function thermocline.row_in_the_way(t thermocline.tables, taken text, m jsonb) returns jsonb
  language plpgsql volatile set search_path = public, extensions
as $$
declare
  same_values text;
  held jsonb;
  found jsonb;
begin
  select string_agg(format('x.%1$I = s.%1$I', a.attname), ' and ') into same_values
    from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
    join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
    where i.indrelid = t.relation and c.relname = taken;
  execute format('select to_jsonb(x) from %1$s x, jsonb_populate_record(null::%1$s, $1) s where %2$s', t.relation,
    thermocline.same_key(t, 'x', 's')) into held using m;
  held := coalesce(held, jsonb_build_object(coalesce(t.owner_col, ''), auth.uid())) || m;
  execute format('select to_jsonb(x) from %1$s x, jsonb_populate_record(null::%1$s, $1) s where %2$s', t.relation, same_values)
    into found using held;
  return found;
exception when others then
  return null; -- the refusal is reported without it
end $$;
comment on function thermocline.row_in_the_way(thermocline.tables, text, jsonb) is
  'The visible row that holds a unique key which a mutation wanted; null if there is none to show.';

create function thermocline.unfit(t thermocline.tables, name text, cols text[]) returns jsonb
  language plpgsql stable set search_path = ''
as $$
declare
  bad text;
begin
  if t.name is null then return thermocline.refusal('42P01', format('table "%s" is not enabled for sync', name)); end if;
  if t.direction in ('pull-only', 'local-only') then return thermocline.refusal('42501', format('table "%s" is %s', name, t.direction)); end if;
  select c into bad from unnest(cols) c
    where c in ('_rev', '_at') or not exists (select from pg_catalog.pg_attribute a where a.attrelid = t.relation
      and a.attname = c and a.attnum > 0 and a.attgenerated = '' and a.attidentity = '') limit 1;
  if bad is not null then
    return jsonb_set(thermocline.refusal('42703', format('column "%s" of table "%s" does not exist or cannot be set', bad, name)),
      '{2,error,column}', to_jsonb(bad));
  end if;
  return null;
end $$;
comment on function thermocline.unfit(thermocline.tables, text, text[]) is 'The refusal of a whole group, or null.';

-- What is known of a group's mutations before any of them is tried: ordinal -> answer. The rest is fresh.
create function thermocline.already(t thermocline.tables, unfit jsonb, batch jsonb, known jsonb) returns jsonb
  language sql stable set search_path = ''
as $$
  select coalesce(jsonb_object_agg(m ->> '_o', case
      when known ? lower(m ->> '_m') then known -> lower(m ->> '_m')
      when m ->> '_u' is distinct from auth.uid()::text then thermocline.refusal('42501', 'the mutation is another user''s')
      when unfit is not null then unfit
      else thermocline.refusal('23502', 'the row lacks a column of its key') end), '{}')
    from jsonb_array_elements(batch) m
    where known ? lower(m ->> '_m') or m ->> '_u' is distinct from auth.uid()::text or unfit is not null or not m ?& t.key
$$;
comment on function thermocline.already(thermocline.tables, jsonb, jsonb, jsonb) is
  'Answers given earlier, and refusals that need no statement.';

create function thermocline.not_applied(name text, op text, batch jsonb, answers jsonb) returns jsonb
  language sql immutable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('t', name, 'row', m)), '[]')
    from jsonb_array_elements(batch) m
    where op in ('ins', 'ups') and answers -> (m ->> '_o') ->> 0 in ('rejected', 'blocked')
$$;
comment on function thermocline.not_applied(text, text, jsonb, jsonb) is 'The inserts that later mutations must not refer to.';

create function thermocline.push_piece(
  t thermocline.tables, op text, ignore boolean, cols text[], piece jsonb, xid bigint) returns jsonb
  language plpgsql volatile set search_path = public, extensions
as $$
declare
  answers jsonb;
  code text;
  message text;
  detail text;
  broken text;
  col text;
  found jsonb;
begin
  begin
    answers := thermocline.settle(t, op, ignore, cols, piece, xid);
    set constraints all immediate; -- a deferred foreign key that fails is this piece's fault
    if jsonb_array_length(piece) > 1 and thermocline.refuses_itself(t, answers) then
      raise exception using errcode = 'TC001', message = 'to be settled row by row';
    end if;
    return answers;
  exception when others then
    get stacked diagnostics code = returned_sqlstate, message = message_text, detail = pg_exception_detail,
      broken = constraint_name, col = column_name;
    if code ~ '^(25|40|53|57|58|XX)' or code = '55P03' then raise; end if;
  end;
  if jsonb_array_length(piece) > 1 then return null; end if;
  if code = '23505' then found := thermocline.row_in_the_way(t, broken, piece -> 0); end if;
  return jsonb_build_object(piece -> 0 ->> '_o', jsonb_build_array('rejected', found ->> '_rev',
    jsonb_build_object('error', jsonb_strip_nulls(jsonb_build_object('code', code, 'message', message,
      'constraint', nullif(broken, ''), 'column', nullif(col, ''), 'detail', nullif(detail, ''))))
    || case when found is null then '{}' else thermocline.shown(found) end));
end $$;
comment on function thermocline.push_piece(thermocline.tables, text, boolean, text[], jsonb, bigint) is
  'Settles some rows in a subtransaction. An error refuses a single row; of several it answers null: to be halved.';

create function thermocline.push_group(g jsonb, known jsonb, xid bigint, inout refused jsonb, out answers jsonb)
  language plpgsql volatile set search_path = ''
as $$
declare
  t thermocline.tables;
  op constant text := g ->> 'op';
  cols constant text[] := array(select distinct c from jsonb_array_elements_text(coalesce(g -> 'cols', '[]')) c);
  batch jsonb;
  fresh jsonb;
  piece jsonb;
  settled jsonb;
  spans int[] := '{}'; -- first and last row of each piece that is still to be settled, in order
  lo int;
  hi int;
begin
  select * into t from thermocline.tables where name = g ->> 't';
  if t.choices is not null then t.policy := thermocline.chosen_policy(t); end if;
  select coalesce(jsonb_agg(m || jsonb_build_object('_o', o) order by o), '[]') into batch
    from jsonb_array_elements(g -> 'rows') with ordinality r(m, o);
  answers := thermocline.already(t, thermocline.unfit(t, g ->> 't', cols), batch, known);
  refused := refused || thermocline.not_applied(g ->> 't', op, batch, answers);
  select jsonb_agg(m order by o) into fresh
    from jsonb_array_elements(batch) with ordinality r(m, o) where not answers ? (m ->> '_o');
  if fresh is not null then spans := array[1, jsonb_array_length(fresh)]; end if;
  while cardinality(spans) > 0 loop
    lo := spans[1];
    hi := spans[2];
    spans := spans[3:];
    select coalesce(jsonb_agg(m order by o) filter (where not blocked), '[]'),
        coalesce(jsonb_object_agg(m ->> '_o', '["blocked",null,null]'::jsonb) filter (where blocked), '{}')
      into piece, settled
      from (select m, o, refused <> '[]' and thermocline.refers(t, m, refused) as blocked
        from jsonb_array_elements(fresh) with ordinality r(m, o) where o between lo and hi) p;
    if piece <> '[]' then
      settled := settled || thermocline.push_piece(t, op, coalesce((g ->> 'ignore')::boolean, false), cols, piece, xid);
    end if;
    if settled is null then
      spans := array[lo, (lo + hi) / 2, (lo + hi) / 2 + 1, hi] || spans;
    else
      answers := answers || settled;
      refused := refused || thermocline.not_applied(g ->> 't', op, batch, settled);
    end if;
  end loop;
  select coalesce(jsonb_agg(answers -> (m ->> '_o') order by o), '[]') into answers
    from jsonb_array_elements(batch) with ordinality r(m, o);
end $$;
comment on function thermocline.push_group(jsonb, jsonb, bigint, jsonb) is
  'Answers one group in the order of its rows; adds to refused what later mutations must not refer to.';

create function thermocline.known_answers(batch jsonb) returns jsonb
  language sql stable set search_path = ''
as $$
  select coalesce(jsonb_object_agg(a.mutation_id, jsonb_build_array(a.outcome, a.rev::text, a.detail, 'duplicate', a.xid::text)), '{}')
    from thermocline.answers a
    where a.owner = auth.uid() and a.mutation_id = any (array(
      select (m ->> '_m')::uuid from jsonb_array_elements(batch) g, jsonb_array_elements(g -> 'rows') m))
$$;
comment on function thermocline.known_answers(jsonb) is
  'Answers that mutations of this batch were given before: id -> [outcome, rev, detail, "duplicate", xid].';

create function thermocline.remember(batch jsonb, groups jsonb, xid text, client text) returns void
  language sql volatile set search_path = ''
as $$
  insert into thermocline.answers (owner, mutation_id, outcome, rev, detail, xid, client)
    select auth.uid(), (m ->> '_m')::uuid, a ->> 0, (a ->> 1)::bigint, nullif(a -> 2, 'null'), xid::bigint, left(client, 100)
      from rows from (jsonb_array_elements(batch), jsonb_array_elements(groups)) b(g, given),
        rows from (jsonb_array_elements(g -> 'rows'), jsonb_array_elements(given)) n(m, a)
      where a ->> 0 <> 'blocked' and jsonb_array_length(a) = 3
$$;
comment on function thermocline.remember(jsonb, jsonb, text, text) is 'Keeps the answers that this push gave for the first time.';

-- Security definer: realtime.send writes realtime.messages, which users may not. It rings the caller's own topic only, takes no
-- user id, and carries no row.
create function thermocline.ring(xid text) returns void
  language plpgsql volatile security definer set search_path = ''
as $$
begin
  if to_regprocedure('realtime.send(jsonb,text,text,boolean)') is not null then
    execute 'select realtime.send($1, $2, $3, true)'
      using jsonb_build_object('xid', xid), 'changed', 'thermocline:' || auth.uid();
  end if;
exception when others then
  null; -- a poke may be lost
end $$;
comment on function thermocline.ring(text) is 'Tells the user''s other devices over Realtime that something changed; nothing where Realtime is absent.';

create function thermocline.push(v int, client text, batch jsonb) returns jsonb
  language plpgsql volatile set search_path = '' set jit = off
as $$
declare
  known jsonb;
  refused jsonb := '[]';
  groups jsonb := '[]';
  g jsonb;
  answers jsonb;
  stamped int;
  known_in_full int;
  xid text;
begin
  if v is distinct from 1 then return '{"status":"version","v":[1]}'; end if;
  if auth.uid() is null then raise exception using errcode = 'PT401', message = 'sign in to push'; end if;
  perform thermocline.check_batch(batch);
  if not thermocline.lock_user(auth.uid()) then return '{"status":"busy"}'; end if;
  known := thermocline.known_answers(batch);
  xid := pg_current_xact_id()::text;
  perform set_config('thermocline.stamped', '0', true);
  for g in select e from jsonb_array_elements(batch) e loop
    select p.refused, p.answers into refused, answers from thermocline.push_group(g, known, xid::bigint, refused) p;
    groups := groups || jsonb_build_array(answers);
  end loop;
  stamped := current_setting('thermocline.stamped')::int;
  perform set_config('thermocline.stamped', '', true);

  select count(*) filter (where jsonb_array_length(a) = 3 and a ->> 0 <> 'rejected' and (a ->> 1)::bigint >> 22 = xid::bigint)
    into known_in_full from jsonb_array_elements(groups) x, jsonb_array_elements(x) a;
  if stamped = 0 or stamped <> known_in_full then xid := null; end if;
  perform thermocline.remember(batch, groups, xid, client);
  if stamped > 0 then perform thermocline.ring(xid); end if;
  if stamped = 0 then -- a repeated batch changed nothing itself: its client may still hide what the original wrote
    select case when count(distinct a ->> 4) = 1 and count(*) = count(a ->> 4) then min(a ->> 4) end into xid
      from jsonb_array_elements(groups) x, jsonb_array_elements(x) a;
  end if;
  select coalesce(jsonb_agg(answered order by i), '[]') into groups
    from jsonb_array_elements(groups) with ordinality r(given, i)
    cross join lateral (select coalesce(jsonb_agg(a - 4 order by j), '[]') as answered from jsonb_array_elements(given) with ordinality x(a, j)) n;
  return jsonb_build_object('status', 'ok', 'xid', xid, 'groups', groups);
end $$;
comment on function thermocline.push(int, text, jsonb) is 'Applies a batch and answers each of its mutations.';
