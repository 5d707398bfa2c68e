-- Pull: what changed for this user since each table's cursor.
--
--   cursor   epoch.snapshot                          up to where a client has one table
--   round    epoch.snapshot.request.table.after      where a round over several tables and pages goes on
--
-- New for a client is what its cursor's snapshot does not see and the round's snapshot does: a transaction that commits
-- late is never skipped, and a long one delays nothing. All pages of a round show the one snapshot that the first page fixed,
-- less the rows stamped again since, which the next round brings. A round's token holds a hash of the tables it was begun
-- with. Everything here is stable and security invoker: it reads under the caller's row-level security, on replicas too.

create function thermocline.unwrap(argument jsonb) returns jsonb
  language sql immutable set search_path = ''
  as $$ select case jsonb_typeof(argument) when 'string' then (argument #>> '{}')::jsonb when 'null' then null else argument end $$;
comment on function thermocline.unwrap(jsonb) is 'Some drivers deliver a jsonb argument as a JSON string that holds JSON.';

create function thermocline.refuse(message text) returns void
  language plpgsql immutable set search_path = ''
  as $$ begin raise exception using errcode = 'PT400', message = 'invalid_request: ' || message; end $$;
comment on function thermocline.refuse(text) is 'Answers 400: the request itself is wrong, and repeating it will not help.';

create function thermocline.snapshot_text(snap pg_snapshot) returns text
  language sql stable set search_path = ''
as $$
  -- A standby does not know which transactions run, and a cursor is at most 64 KiB: then up to the oldest one that runs.
  select case when pg_is_in_recovery() or length(snap::text) > 65000
    then format('%1$s:%1$s:', pg_snapshot_xmin(snap)) else snap::text end
$$;
comment on function thermocline.snapshot_text(pg_snapshot) is 'The snapshot as cursors carry it.';

create function thermocline.cursor_trouble(cursor text, epoch text, snap pg_snapshot) returns text
  language plpgsql stable set search_path = ''
as $$
declare
  seen pg_snapshot;
begin
  if cursor is null then return null; end if;
  if length(cursor) > 65536 or cursor !~ '^[0-9a-f]+\.\d+:\d+:[0-9,]*$' then
    perform thermocline.refuse('malformed cursor');
  end if;
  if split_part(cursor, '.', 1) <> epoch then return 'epoch'; end if;
  begin
    seen := split_part(cursor, '.', 2)::pg_snapshot;
  exception when invalid_text_representation then
    perform thermocline.refuse('malformed cursor');
  end;
  if pg_snapshot_xmin(seen)::text::bigint < (select s.tombstone_floor from thermocline.settings s) then
    return 'expired';
  end if;
  if pg_snapshot_xmax(seen) > pg_snapshot_xmax(snap) then
    return case when pg_is_in_recovery() then 'later' else 'future' end;
  end if;
  return null;
end $$;
comment on function thermocline.cursor_trouble(text, text, pg_snapshot) is
  'Why a cursor cannot be used: epoch, expired, future, or later (a replica that has not come so far yet); null if it can.';

-- The rows, removed keys and cold keys of one table that are visible in snapshot `upto` and not in `since_snapshot`, in the
-- order of their revisions. `done` tells whether none is left behind.
create function thermocline.page(
  t thermocline.tables, since_snapshot text, upto text, after bigint, since timestamptz, own bigint[],
  max_rows int, max_bytes bigint, out page jsonb, out taken int, out bytes bigint, out last bigint, out done boolean)
  language plpgsql stable set search_path = public, extensions set jit = off -- the app's policies run in here
as $$
#variable_conflict use_column
declare
  everything constant boolean := since_snapshot is null;
  lo bigint := 0;
  seen_max bigint := 0;
  seen_open bigint[] := '{}';
  shown_min constant bigint := split_part(upto, ':', 1);
  shown_max constant bigint := split_part(upto, ':', 2);
  shown_open constant bigint[] := coalesce(string_to_array(nullif(split_part(upto, ':', 3), ''), ',')::bigint[], '{}');
  cold text := 'false';
  row_filter text := 'true';
  key_object text;
  query text;
  found int;
begin
  if not everything then
    lo := split_part(since_snapshot, ':', 1)::bigint << 22;
    seen_max := split_part(since_snapshot, ':', 2);
    seen_open := coalesce(string_to_array(nullif(split_part(since_snapshot, ':', 3), ''), ',')::bigint[], '{}');
  end if;
  if t.owner_col is not null then row_filter := format('x.%I = $1', t.owner_col); end if;
  if since is not null and everything then -- a client without the table holds no copy that a cold key could drop
    row_filter := row_filter || format(' and (x.%1$I >= $11 or x.%1$I is null)', t.time_col);
  elsif since is not null then
    cold := format('coalesce(x.%I < $11, false)', t.time_col);
  end if;
  select string_agg(format('%L, x.%I', k, k), ', ') into key_object from unnest(t.key) k;
  -- Revisions from beyond this history ($14: a dump from another project) are older than any of its own: "1".
  query := format($q$
    with changed as (
      (select x._rev as rev, case when %3$s then 'cold' else 'row' end as kind,
          case when %3$s then jsonb_build_object(%4$s) else to_jsonb(x) - '{_rev,_at}'::text[] end as body
        from %1$s x
        where %2$s and x._rev >= $4 and x._rev > $5 and (x._rev < $6 << 22 or $13 and x._rev >> 22 >= $14)
          and (x._rev >> 22 >= $2 or x._rev >> 22 = any ($3))
          and (x._rev >> 22 < $7 or x._rev >> 22 <> all ($8)) and x._rev >> 22 <> all ($9)
        order by x._rev fetch first $10 rows with ties)
      union all
      (select d.rev, 'gone', d.key
        from thermocline.tombstones d
        where not $13 and d.name = %5$L and %6$s and d.rev >= $4 and d.rev > $5 and d.rev < $6 << 22
          and (d.rev >> 22 >= $2 or d.rev >> 22 = any ($3))
          and (d.rev >> 22 < $7 or d.rev >> 22 <> all ($8)) and d.rev >> 22 <> all ($9)
        order by d.rev fetch first $10 rows with ties)),
    first as (select * from changed order by rev fetch first $10 rows with ties),
    measured as (
      select *, pg_column_size(body) as size,
        coalesce(sum(pg_column_size(body)) over (order by rev range unbounded preceding exclude group), 0) as before
      from first),
    kept as (select * from measured where before < $12)
    select count(*), coalesce(sum(size), 0), max(rev), (select count(*) from first),
      jsonb_build_object('t', %5$L,
        'rows', coalesce(jsonb_agg(jsonb_build_array(case when rev >> 22 < $14 then rev::text else '1' end, body) order by rev)
          filter (where kind = 'row'), '[]'),
        'gone', coalesce(jsonb_agg(jsonb_build_array(rev::text, body) order by rev) filter (where kind = 'gone'), '[]'),
        'cold', coalesce(jsonb_agg(jsonb_build_array(rev::text, body) order by rev) filter (where kind = 'cold'), '[]'))
    from kept
  $q$, t.relation, row_filter, cold, key_object, t.name,
    case when t.owner_col is null then 'd.owner is null' else 'd.owner = $1' end);
  execute query into taken, bytes, last, found, page
    using auth.uid(), seen_max, seen_open, lo, after, shown_max, shown_min, shown_open,
      case when everything then '{}'::bigint[] else own end, max_rows, since, max_bytes, everything,
      pg_snapshot_xmax(pg_current_snapshot())::text::bigint;
  done := found < max_rows and found = taken;
end $$;
comment on function thermocline.page(thermocline.tables, text, text, bigint, timestamptz, bigint[], int, bigint) is
  'One table''s part of a page.';

create function thermocline.wanted_tables(wanted jsonb) returns setof thermocline.tables
  language plpgsql stable set search_path = ''
as $$
declare
  missing text;
begin
  if wanted is null or jsonb_typeof(wanted) <> 'object' then
    perform thermocline.refuse('tables must be an object: name -> {cursor, since}');
  end if;
  select w.key into missing from jsonb_each(wanted) w
    where not exists (select from thermocline.tables t join pg_catalog.pg_class c on c.oid = t.relation where t.name = w.key) limit 1;
  if missing is not null then
    raise exception using errcode = 'PT400', message = format('unknown_table: "%s" is not enabled for sync', missing),
      hint = format('select thermocline.enable(''public.%s'');', missing);
  end if;
  select t.name into missing from thermocline.tables t
    where wanted -> t.name ->> 'since' is not null and t.time_col is null limit 1;
  if missing is not null then
    perform thermocline.refuse(format('table "%s" has no time column, so it has no since', missing));
  end if;
  return query select t.* from thermocline.tables t where wanted ? t.name order by t.name;
end $$;
comment on function thermocline.wanted_tables(jsonb) is 'The tables a pull names, in the order in which a round reads them.';

create function thermocline.pull(v int, client text, wanted jsonb, round text, max_rows int, own_xids jsonb) returns jsonb
  language plpgsql stable set search_path = '' set jit = off
as $$
declare
  snap constant pg_snapshot := pg_current_snapshot();
  epoch constant text := thermocline.epoch();
  request constant text := md5(wanted::text);
  own constant bigint[] := array(
    select x::bigint from jsonb_array_elements_text(coalesce(own_xids, '[]')) x where x ~ '^\d{1,18}$' limit 1000);
  tables thermocline.tables[];
  upto text := thermocline.snapshot_text(snap);
  at_table int := 1;
  after bigint := -1;
  rows_left int := greatest(1, least(coalesce(max_rows, 1000), 1000));
  bytes_left bigint := 1048576;
  pages jsonb := '[]';
  trouble text;
  part record;
begin
  if v is distinct from 1 then return '{"status":"version","v":[1]}'; end if;
  if auth.uid() is null then raise exception using errcode = 'PT401', message = 'sign in to pull'; end if;
  tables := array(select t from thermocline.wanted_tables(wanted) t);
  if exists (select from unnest(tables) t where not t.ready) then return '{"status":"later"}'; end if;

  if round is not null then
    if round !~ '^[0-9a-f]+\.\d+:\d+:[0-9,]*\.[0-9a-f]{32}\.\d{1,9}\.-?\d{1,19}$' then
      perform thermocline.refuse('malformed round');
    elsif split_part(round, '.', 3) <> request then
      perform thermocline.refuse('this round was begun with other tables or cursors');
    end if;
    upto := split_part(round, '.', 2);
    at_table := split_part(round, '.', 4);
    after := split_part(round, '.', 5);
  end if;
  select c.trouble into trouble
    from (select thermocline.cursor_trouble(w.value ->> 'cursor', epoch, snap) as trouble from jsonb_each(wanted) w
      union all select thermocline.cursor_trouble(split_part(round, '.', 1) || '.' || upto, epoch, snap) where round is not null) c
    where c.trouble is not null limit 1;
  if trouble = 'later' then return '{"status":"later"}'; end if;
  if trouble is not null then return jsonb_build_object('status', 'resync', 'reason', trouble); end if;

  for i in at_table .. cardinality(tables) loop
    select p.* into part from thermocline.page(tables[i], split_part(wanted -> tables[i].name ->> 'cursor', '.', 2), upto, after,
      (wanted -> tables[i].name ->> 'since')::timestamptz, own, rows_left, bytes_left) p;
    if part.taken > 0 then pages := pages || part.page; end if;
    rows_left := rows_left - part.taken;
    bytes_left := bytes_left - part.bytes;
    after := case when part.done then -1 else part.last end;
    if not part.done or ((rows_left <= 0 or bytes_left <= 0) and i < cardinality(tables)) then
      return jsonb_build_object('status', 'ok', 'more', true, 'cursor', null, 'pages', pages, 'round',
        concat_ws('.', epoch, upto, request, case when part.done then i + 1 else i end, after));
    end if;
  end loop;
  return jsonb_build_object('status', 'ok', 'more', false, 'round', null, 'cursor', epoch || '.' || upto, 'pages', pages);
end $$;
comment on function thermocline.pull(int, text, jsonb, text, int, jsonb) is
  'One page of a round over the wanted tables, from each table''s cursor up to the round''s snapshot.';
