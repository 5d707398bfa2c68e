-- SYNC 1, invariant 5, PITFALLS 1, 4, 10, 31: what a pull brings, from where, and when a client must begin anew.
-- (That nothing is lost while transactions overlap is shown by tests/sql/cursor_race.test.mjs, with real concurrency.)
select plan(37);

select tests.make_table('notes', 'made_on date') \gset ignored_
select tests.make_table('pages') \gset ignored_
insert into notes (id, user_id, title) select tests.id(i), tests.uid(1), 'n' || i from generate_series(1, 5) i;
insert into pages (id, user_id, title) values (tests.id(1), tests.uid(1), 'p1'), (tests.id(2), tests.uid(2), 'stranger');

-- each table has its own cursor
select tests.cursor(1, 'notes') as notes \gset
select is(tests.changes(1, 'notes', null), 'row:n1 row:n2 row:n3 row:n4 row:n5', 'from nothing all own rows come, in the order of their revisions');
select is(tests.changes(1, 'notes', :'notes'), '', 'from a fresh cursor nothing does');
update notes set title = 'N2' where id = tests.id(2);
delete from notes where id = tests.id(3);
select is(tests.changes(1, 'notes', :'notes'), 'row:N2 gone:03', 'then what changed and what was removed');
select tests.pull(1, jsonb_build_object('notes', jsonb_build_object('cursor', :'notes'), 'pages', '{"cursor":null}'::jsonb)) as p \gset
select is((select string_agg(r -> 1 ->> 'title', ' ') from jsonb_array_elements((:'p'::jsonb) -> 'pages') g, jsonb_array_elements(g -> 'rows') r), 'N2 p1',
  'a table added later comes whole beside the delta of another');
select is((:'p'::jsonb) ->> 'round', null, 'the last page has no round');
select is(tests.changes(1, 'pages', (:'p'::jsonb) ->> 'cursor') || tests.changes(1, 'notes', (:'p'::jsonb) ->> 'cursor'), '', 'and one cursor for all its tables');
select ok(not (:'p'::jsonb)::text ~ '_rev|_at"', 'no page shows _rev or _at');
select is(tests.changes(2, 'notes', null), '', 'a stranger''s rows are not mine');
select is(tests.changes(2, 'notes', :'notes'), '', 'nor are their tombstones');

-- rounds
select tests.pull(1, '{"notes":{"cursor":null},"pages":{}}', max_rows => 2) as p1 \gset
select is((:'p1'::jsonb) ->> 'more', 'true', 'a full page means there is more');
select is((:'p1'::jsonb) ->> 'cursor', null, 'and gives no cursor');
insert into notes (id, user_id, title) values (tests.id(6), tests.uid(1), 'meanwhile');
select tests.pull(1, '{"notes":{"cursor":null},"pages":{}}', (:'p1'::jsonb) ->> 'round', max_rows => 2) as p2 \gset
select tests.pull(1, '{"notes":{"cursor":null},"pages":{}}', (:'p2'::jsonb) ->> 'round', max_rows => 2) as p3 \gset
select is((select string_agg(r -> 1 ->> 'title', ' ') from jsonb_array_elements(array_to_json(array[:'p1', :'p2', :'p3']::jsonb[])::jsonb) p, jsonb_array_elements(p -> 'pages') g, jsonb_array_elements(g -> 'rows') r),
  'n1 n4 n5 N2 p1', 'the pages of a round show one cut: a row made meanwhile is not in it');
select is(tests.changes(1, 'notes', (:'p3'::jsonb) ->> 'cursor'), 'row:meanwhile', 'it comes with the next');
select matches(tests.trouble(1, format('select public.thermocline_pull(1, ''c'', %L, %L)', '{"pages":{}}', (:'p1'::jsonb) ->> 'round')), '^PT400 invalid_request',
  'a round continued with other tables is an invalid request');
select matches(tests.trouble(1, format('select public.thermocline_pull(1, ''c'', %L, %L)', jsonb_build_object('notes', jsonb_build_object('cursor', :'notes'), 'pages', '{}'::jsonb), (:'p1'::jsonb) ->> 'round')),
  '^PT400 invalid_request', 'so is one continued from another cursor');
select is((select count(*) from jsonb_array_elements(tests.pull(1, '{"notes":{}}', max_rows => 0) #> '{pages,0,rows}')), 1::bigint, 'a page holds at least one row');

-- what a request may not be
select matches(tests.trouble(1, format('select public.thermocline_pull(1, ''c'', ''{"notes":{"cursor":"%s"}}'')', c)), '^PT400 invalid_request', format('cursor "%s…" is refused', left(c, 12)))
  from unnest(array['x', '12', 'abc.1:2', repeat('a', 70000)]) c;
select matches(tests.trouble(1, $$select public.thermocline_pull(1, 'c', '{"nope":{}}')$$), '^PT400 unknown_table: "nope"', 'a table that is not synced is named');
select matches(tests.trouble(1, $$select public.thermocline_pull(1, 'c', '[]')$$), '^PT400 invalid_request', 'tables must be an object');
select matches(tests.trouble(1, $$select public.thermocline_pull(1, 'c', '{"notes":{"since":"2026-01-01"}}')$$), '^PT400 invalid_request', 'a table without a time column has no since');
select is(public.thermocline_pull(2, 'c', '{}'), '{"status":"version","v":[1]}'::jsonb, 'an unknown version is answered before anything else');

-- since: older rows come as keys only
select thermocline.enable('notes', 'user_id', 'merge', 'made_on') \gset ignored_
select tests.cursor(1, 'notes') as notes \gset
update notes set made_on = case when id = tests.id(1) then date '2020-01-01' when id = tests.id(2) then date '2026-06-01' end where id in (tests.id(1), tests.id(2), tests.id(4));
update notes set title = 'undated' where id = tests.id(4);
select tests.pull(1, jsonb_build_object('notes', jsonb_build_object('cursor', :'notes', 'since', '2026-01-01T00:00:00Z'))) #> '{pages,0}' as p \gset
select is((:'p'::jsonb) #> '{cold,0,1}', jsonb_build_object('id', tests.id(1)), 'a row before since comes as its key');
select is((select string_agg(r -> 1 ->> 'title', ' ') from jsonb_array_elements((:'p'::jsonb) -> 'rows') r), 'N2 undated', 'the others whole, those without a time too');
select tests.pull(1, '{"notes":{"since":"2026-01-01"}}') #> '{pages,0}' as p \gset
select is((select string_agg(r -> 1 ->> 'title', ' ') from jsonb_array_elements((:'p'::jsonb) -> 'rows') r) || ((:'p'::jsonb) ->> 'cold'), 'n5 meanwhile N2 undated[]',
  'from nothing cold keys do not come: there is no copy to drop');

-- a row that leaves its owner
select tests.cursor(1, 'notes') as mine, tests.cursor(2, 'notes') as theirs \gset
update notes set user_id = tests.uid(2) where id = tests.id(5);
select is(tests.changes(1, 'notes', :'mine'), 'gone:05', 'a row given away is gone for me');
select is(tests.changes(2, 'notes', :'theirs'), 'row:n5', 'and new for them');
select is(tests.changes(2, 'notes', null), 'row:n5', 'a first pull brings no tombstones');

-- 1 MiB a page
insert into pages (id, user_id, title) select tests.id(100 + i), tests.uid(1), repeat(md5(i::text), 10000) from generate_series(1, 8) i;
select tests.pull(1, '{"pages":{}}') as p \gset
select ok((:'p'::jsonb) ->> 'more' = 'true' and length((:'p'::jsonb)::text) between 1000000 and 1700000, 'a page holds about 1 MiB, however many rows that is');

-- resync
select tests.cursor(1, 'notes') as notes \gset
select is(tests.pull(1, jsonb_build_object('notes', jsonb_build_object('cursor', regexp_replace(:'notes', '^[0-9a-f]+', 'abc')))) ->> 'reason', 'epoch', 'another history: resync');
select is(tests.pull(1, jsonb_build_object('notes', jsonb_build_object('cursor', regexp_replace(:'notes', '\..*', '.99999999:99999999:')))) ->> 'reason', 'future', 'a cursor from the future: resync');
insert into thermocline.tombstones values ('notes', tests.uid(1), '{"id":"x"}', (select (pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1) << 22), now() - interval '91 days'),
  ('notes', tests.uid(1), '{"id":"y"}', 1 << 22, now());
select thermocline.purge() \gset ignored_
select is((select count(*) from thermocline.tombstones where key = '{"id":"x"}'), 0::bigint, 'purge drops tombstones after 90 days');
select is(tests.pull(1, jsonb_build_object('notes', jsonb_build_object('cursor', regexp_replace(:'notes', '\..*', '.3:3:')))) ->> 'reason', 'expired', 'a cursor older than the kept tombstones: resync');
select is(tests.pull(1, jsonb_build_object('notes', jsonb_build_object('cursor', tests.cursor(1, 'notes')))) ->> 'status', 'ok', 'a newer one is good');
select tests.cursor(1, 'notes') as notes \gset
truncate pages;
select is(tests.pull(1, jsonb_build_object('notes', jsonb_build_object('cursor', :'notes'))) ->> 'reason', 'epoch', 'a truncated table leaves no tombstones: resync');
select * from finish();
