-- DESIGN 6, audit: what a device ought to hold, by hashes, and the rows of buckets that differ.
select plan(45);

create function pg_temp.audit(n int, t text, cursor text, since text default null) returns jsonb language plpgsql volatile as $$
declare
  answer jsonb;
begin
  perform tests.become(n);
  answer := public.thermocline_audit(1, 'pgtap', jsonb_build_object(t, jsonb_build_object('cursor', cursor, 'since', since)));
  perform set_config('role', 'none', true);
  return answer;
end $$;
create function pg_temp.bucket(n int, t text, buckets jsonb, since text default null) returns jsonb language plpgsql volatile as $$
declare
  answer jsonb;
begin
  perform tests.become(n);
  answer := public.thermocline_bucket(1, 'pgtap', t, since, buckets);
  perform set_config('role', 'none', true);
  return answer;
end $$;
-- What a device computes from the pages of a first pull: only what the contract says, by other means than the server's.
create function pg_temp.byte(hash text, n int) returns numeric language sql immutable
  as $$ select strpos('0123456789abcdef', substr(hash, 2 * n + 1, 1)) * 16 + strpos('0123456789abcdef', substr(hash, 2 * n + 2, 1)) - 17 $$;
create function pg_temp.held(n int, t text, key_format text, variadic key text[]) returns jsonb language sql volatile as $$
  with pulled as (
    select format(key_format, variadic array(select (r -> 1 -> k)::text from unnest(key) k)) as key, r ->> 0 as rev
      from tests.pull(n, jsonb_build_object(t, '{}'::jsonb)) p, jsonb_array_elements(p -> 'pages') g, jsonb_array_elements(g -> 'rows') r),
  hashed as (
    select pg_temp.byte(md5(key), 0) as bucket,
        (select sum(pg_temp.byte(md5(key || rev), i) * (256::numeric ^ (5 - i)::numeric)::numeric(20, 0)) from generate_series(0, 5) i) as number
      from pulled),
  summed as (select bucket, count(*) as count, sum(number)::numeric(30, 0) as sum from hashed group by bucket)
  select coalesce(jsonb_agg(jsonb_build_array(bucket::int, count, sum::text, false) order by bucket), '[]') from summed
$$;
create function pg_temp.bucket_of(key text) returns int language sql immutable as $$ select pg_temp.byte(md5(key), 0)::int $$;
create function pg_temp.changed(audited jsonb, t text) returns jsonb language sql immutable
  as $$ select coalesce(jsonb_agg(b -> 0), '[]') from jsonb_array_elements(audited -> 'tables' -> t) b where b -> 3 = 'true' $$;
create function pg_temp.rows_in(audited jsonb, t text) returns bigint language sql immutable
  as $$ select sum((b ->> 1)::int) from jsonb_array_elements(audited -> 'tables' -> t) b $$;

-- what it tells
select tests.make_table('notes', 'made_on date') \gset ignored_
insert into notes (id, user_id, title) select tests.id(i), tests.uid(1), 'n' || i from generate_series(1, 700) i;
insert into notes (id, user_id, title) select tests.id(1000 + i), tests.uid(2), 'strange' from generate_series(1, 20) i;
select tests.cursor(1, 'notes') as cursor \gset
select pg_temp.audit(1, 'notes', :'cursor') as a \gset
select is((:'a'::jsonb) #> '{tables,notes}', pg_temp.held(1, 'notes', '[%s]', 'id'), 'each bucket has the count and the sum of the rows that a first pull brings');
select is(pg_temp.rows_in(:'a', 'notes'), 700::bigint, 'my rows, not a stranger''s');
select is((:'a'::jsonb) - 'tables', '{"status":"ok"}'::jsonb, 'and says no more');
select is(pg_temp.audit(3, 'notes', :'cursor'), '{"status":"ok","tables":{"notes":[]}}'::jsonb, 'who has no rows has no buckets');

-- what changed since
update notes set title = 'new' where id = tests.id(5);
select pg_temp.audit(1, 'notes', :'cursor') as a \gset
select is(pg_temp.changed(:'a', 'notes'), jsonb_build_array(pg_temp.bucket_of(format('["%s"]', tests.id(5)))), 'a bucket in which a row changed since the cursor says so');
select is(pg_temp.rows_in(:'a', 'notes'), 699::bigint, 'and does not count it');
delete from notes where id = tests.id(6);
select pg_temp.audit(1, 'notes', :'cursor') as a \gset
select ok(pg_temp.changed(:'a', 'notes') @> jsonb_build_array(pg_temp.bucket_of(format('["%s"]', tests.id(6)))), 'so does one from which a row was removed');
select is(pg_temp.changed(pg_temp.audit(2, 'notes', :'cursor'), 'notes'), '[]'::jsonb, 'a stranger''s tombstone marks nothing');
select is(pg_temp.changed(pg_temp.audit(1, 'notes', tests.cursor(1, 'notes')), 'notes'), '[]'::jsonb, 'from a fresh cursor nothing has changed');
select regexp_replace(:'cursor', '\..*', '') as epoch, pg_snapshot_xmax(pg_current_snapshot())::text as xmax \gset
select _rev >> 22 as under_way from notes where id = tests.id(5) \gset
select format('%s.%s:%s:%s', :'epoch', :'under_way', :'xmax', :'under_way') as cursor \gset
select is(pg_temp.changed(pg_temp.audit(1, 'notes', :'cursor'), 'notes'), jsonb_build_array(pg_temp.bucket_of(format('["%s"]', tests.id(5)))),
  'what was under way when the cursor was made counts as changed, what came after it and before the cursor does not');
insert into notes (id, user_id, title) values (tests.id(801), tests.uid(1), 'given');
select tests.cursor(1, 'notes') as cursor \gset
update notes set user_id = tests.uid(2) where id = tests.id(801);
select is(pg_temp.changed(pg_temp.audit(1, 'notes', :'cursor'), 'notes'), jsonb_build_array(pg_temp.bucket_of(format('["%s"]', tests.id(801)))), 'a row given away has changed');
delete from notes where id = tests.id(700);
select is(pg_temp.changed(pg_temp.audit(1, 'notes', format('%s.%s:%s:', :'epoch', :'under_way', :'under_way')), 'notes') @> jsonb_build_array(pg_temp.bucket_of(format('["%s"]', tests.id(700)))),
  true, 'a bucket that has become empty is told if that is a change');

-- what no pull could tell
select tests.make_table('shared_notes') \gset ignored_
create table members (member uuid primary key);
alter table members enable row level security;
create policy all_read on members for select to authenticated using (true);
grant select on members to authenticated;
drop policy own on shared_notes;
create policy own on shared_notes for select to authenticated using ((select auth.uid()) = user_id and exists (select from members m where m.member = user_id));
insert into members values (tests.uid(1));
insert into shared_notes (id, user_id, title) select tests.id(i), tests.uid(1), 's' || i from generate_series(1, 30) i;
select tests.cursor(1, 'shared_notes') as cursor \gset
select pg_temp.audit(1, 'shared_notes', :'cursor') #> '{tables,shared_notes}' as seen \gset
delete from members;
select is(pg_temp.audit(1, 'shared_notes', :'cursor') #> '{tables,shared_notes}', '[]'::jsonb, 'rows that a change of rights hides are counted no more');
select is(tests.changes(1, 'shared_notes', :'cursor'), '', 'though no pull tells of them');
select is(pg_temp.bucket(1, 'shared_notes', (select jsonb_agg(b -> 0) from jsonb_array_elements(:'seen'::jsonb) b)) -> 'rows', '[]'::jsonb, 'and their buckets are empty');
insert into members values (tests.uid(1));
select is(pg_temp.audit(1, 'shared_notes', :'cursor') #> '{tables,shared_notes}', :'seen'::jsonb, 'given back, they are what they were');

-- horizons
select thermocline.enable('notes', 'user_id', 'merge', 'made_on') \gset ignored_
update notes set made_on = date '2026-01-01' + (right(id::text, 4)::int - 100) where right(id::text, 4)::int between 10 and 200;
select tests.cursor(1, 'notes') as cursor \gset
select is(pg_temp.rows_in(pg_temp.audit(1, 'notes', :'cursor', '2026-01-01'), 'notes'), (select count(*) from notes where user_id = tests.uid(1) and coalesce(made_on >= '2026-01-01', true)),
  'within a horizon the rows at or after it count, and those without a time');
select is(jsonb_array_length(pg_temp.bucket(1, 'notes', (select jsonb_agg(i) from generate_series(0, 255) i), '2026-01-01') -> 'rows')::bigint,
  (select count(*) from notes where user_id = tests.uid(1) and coalesce(made_on >= '2026-01-01', true)), 'and are in the buckets');
update notes set made_on = '2025-01-01' where id = tests.id(150);
select is(pg_temp.changed(pg_temp.audit(1, 'notes', :'cursor', '2026-01-01'), 'notes'), jsonb_build_array(pg_temp.bucket_of(format('["%s"]', tests.id(150)))), 'a row that has become older than the horizon has changed');

-- keys of other shapes, and of no owner
create table tricky (user_id uuid, word text, "Nr." bigint, exact numeric(6, 2), primary key (word, "Nr.", exact));
alter table tricky enable row level security;
create policy own on tricky for select to authenticated using ((select auth.uid()) = user_id);
grant select on tricky to authenticated;
select thermocline.enable('tricky') \gset ignored_
insert into tricky values (tests.uid(1), E'a "quoted"\\\n\u0001\u007f ä 👋', 9007199254740993, 1.10), (tests.uid(1), '', -1, 0), (tests.uid(1), 'c,d', 0, 12.5);
select tests.cursor(1, 'tricky') as cursor \gset
select is(pg_temp.audit(1, 'tricky', :'cursor') #> '{tables,tricky}', pg_temp.held(1, 'tricky', '[%s,%s,%s]', 'word', 'Nr.', 'exact'), 'a compound key is hashed as its values are shown in a page');
select pg_temp.bucket_of((select format('[%s,%s,%s]', to_jsonb(word), to_jsonb("Nr."), to_jsonb(exact)) from tricky where word like 'a%')) as b \gset
delete from tricky where word like 'a%';
select ok(pg_temp.changed(pg_temp.audit(1, 'tricky', :'cursor'), 'tricky') @> jsonb_build_array(:b), 'and a tombstone''s as the row''s was');
create table cities (id text primary key, name text);
alter table cities enable row level security;
create policy all_read on cities for select to authenticated using (true);
grant select on cities to authenticated;
select thermocline.enable('cities', null) \gset ignored_
insert into cities select 'c' || i, 'n' from generate_series(1, 9) i;
select is(pg_temp.rows_in(pg_temp.audit(2, 'cities', tests.cursor(2, 'cities')), 'cities'), 9::bigint, 'a table without owner is audited by everyone');

-- a dump from another project: its revisions are "1"
alter table cities disable trigger zz_thermocline_stamp;
update cities set _rev = 1::bigint << 60 where id = 'c1';
alter table cities enable always trigger zz_thermocline_stamp;
select tests.cursor(1, 'cities') as cursor \gset
select is(pg_temp.audit(1, 'cities', :'cursor') #> '{tables,cities}', pg_temp.held(1, 'cities', '[%s]', 'id'), 'revisions from beyond this history are hashed as a page shows them, and were seen');
select is((select r ->> 0 from jsonb_array_elements(pg_temp.bucket(1, 'cities', jsonb_build_array(pg_temp.bucket_of('["c1"]'))) -> 'rows') r where r #>> '{1,id}' = 'c1'), '1', 'and shown so in a bucket');

-- buckets
select pg_temp.bucket_of(format('["%s"]', tests.id(5))) as b \gset
select pg_temp.bucket(1, 'notes', jsonb_build_array(:b)) as a \gset
select is((select jsonb_agg(r order by r ->> 0) from jsonb_array_elements((:'a'::jsonb) -> 'rows') r),
  (select jsonb_agg(r order by r ->> 0) from tests.pull(1, '{"notes":{}}') p, jsonb_array_elements(p #> '{pages,0,rows}') r where pg_temp.bucket_of(format('["%s"]', r #>> '{1,id}')) = :b),
  'a bucket has its rows with their revisions, as a page shows them');
select is((:'a'::jsonb) - 'rows', jsonb_build_object('status', 'ok', 'answered', jsonb_build_array(:b)), 'and tells which it is');
select is(pg_temp.bucket(3, 'notes', '[7,3,7]'), '{"status":"ok","answered":[3,7],"rows":[]}'::jsonb, 'buckets without rows are answered too, each once');
insert into shared_notes (id, user_id, title) select tests.id(100 + i), tests.uid(1), (select string_agg(md5(i || '/' || j), '') from generate_series(1, 800) j) from generate_series(1, 100) i;
select pg_temp.bucket(1, 'shared_notes', (select jsonb_agg(i) from generate_series(0, 255) i)) as a \gset
select ok(length((:'a'::jsonb)::text) between 900000 and 1300000, 'an answer holds about 1 MiB');
select is((:'a'::jsonb) -> 'answered', (select jsonb_agg(i) from generate_series(0, jsonb_array_length((:'a'::jsonb) -> 'answered') - 1) i), 'the first of the buckets');
select is(jsonb_array_length((:'a'::jsonb) -> 'rows')::bigint, (select count(*) from shared_notes where (:'a'::jsonb) -> 'answered' @> to_jsonb(pg_temp.bucket_of(format('["%s"]', id)))), 'each whole');
update shared_notes set title = repeat(title, 50) where id = tests.id(101);
select pg_temp.bucket_of(format('["%s"]', tests.id(101))) as b \gset
select is(pg_temp.bucket(1, 'shared_notes', jsonb_build_array(:b, 255)) -> 'answered', jsonb_build_array(:b), 'and one at least, however large');

-- what a request may not be
select is(pg_temp.audit(1, 'notes', regexp_replace(:'cursor', '^[0-9a-f]+', 'abc')), '{"status":"resync","reason":"epoch"}'::jsonb, 'a cursor of another history: resync');
select is(pg_temp.audit(1, 'notes', regexp_replace(:'cursor', '\..*', '.99999999:99999999:')), '{"status":"resync","reason":"future"}'::jsonb, 'or from the future');
select matches(tests.trouble(1, format('select public.thermocline_audit(1, ''c'', %L)', a)), why, format('audit %s is refused', a))
  from (values ('{"notes":{}}', '^PT400 invalid_request'), ('{"notes":{"cursor":"x"}}', '^PT400 invalid_request'), ('{"nope":{}}', '^PT400 unknown_table'), ('[]', '^PT400 invalid_request')) c(a, why);
select matches(tests.trouble(1, format('select public.thermocline_bucket(1, ''c'', %s)', a)), why, format('bucket %s is refused', a))
  from (values ('''notes'', null, ''[256]''', '^PT400 invalid_request'), ('''notes'', null, ''[]''', '^PT400 invalid_request'), ('''notes''', '^PT400 invalid_request'), ('''nope'', null, ''[1]''', '^PT400 unknown_table')) c(a, why);
update thermocline.tables set ready = false where name = 'notes';
select is(array[pg_temp.audit(1, 'notes', :'cursor'), pg_temp.bucket(1, 'notes', '[1]')], array['{"status":"later"}', '{"status":"later"}']::jsonb[], 'a table whose old rows have no revisions yet: later');
select is(array[public.thermocline_audit(2), public.thermocline_bucket(0)], array_fill('{"status":"version","v":[1]}'::jsonb, array[2]), 'an unknown version is answered before anything else');
select throws_ok($$select public.thermocline_audit(1, 'c', '{}')$$, 'PT401', null, 'nobody is signed in: 401');
select throws_ok($$select public.thermocline_bucket(1, 'c', 'notes', null, '[1]')$$, 'PT401', null, 'for a bucket too');
select * from finish();
