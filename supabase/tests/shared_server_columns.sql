-- RECIPES 1.1 T, C20, C-X8: columns that the server sets; an update that changes nothing else changes none of them.
select plan(17);
select tests.make_table('notes', 'version int not null default 1, inserted_at timestamptz not null default now(), updated_at timestamptz not null default now()', 'version', enabled => false) \gset ignored_
create trigger notes_set_server_columns before insert or update on notes for each row execute function public.set_server_columns('updated_at', 'inserted_at', 'version');
select thermocline.enable('notes', 'user_id', 'version') \gset ignored_
create function pg_temp.edit(n int, cols text, held jsonb) returns jsonb language sql volatile
  as $$ select tests.answer(1, tests.group('notes', 'upd', cols, tests.m(1, jsonb_build_object('id', tests.id(n)) || held))) $$;

select ok('notes_set_server_columns' < 'zz_thermocline_stamp', 'the trigger fires before the revision stamp');
insert into notes (id, user_id, title, version, inserted_at, updated_at) values (tests.id(1), tests.uid(1), 'a', null, '2001-01-01', '2099-01-01');
select is(n.*::text, (select n.*::text from notes n where inserted_at = updated_at and inserted_at > now() - interval '1 hour' and version = 1), 'an insert gets the server''s times, whatever was sent') from notes n;
create temp table was as select * from notes;
update notes set updated_at = '2001-01-01', inserted_at = '2001-01-01', version = 9;
select is((select n from notes n)::text, (select w from was w)::text, 'an update of nothing but server-set columns changes nothing, the revision included');
update notes set title = title;
select is((select n from notes n)::text, (select w from was w)::text, 'nor does one that changes no value');
update notes set title = 'b', updated_at = '2001-01-01', inserted_at = '2001-01-01';
select ok((select n.updated_at > w.updated_at from notes n join was w using (id)), 'a change is given its time');
select ok((select n.inserted_at = w.inserted_at from notes n join was w using (id)), 'the time of the insert stays');
select is((select version from notes), 2, 'and the version rises');
update notes set title = 'c', version = 1;
select is((select version from notes), 3, 'it never falls');
update notes set title = 'd', version = null;
select is((select version from notes), 4, 'nor goes');
select ok((select n._rev > w._rev from notes n join was w using (id)), 'a change gets its revision');

-- C-X8, by push: the device raises the version that it shows, and says which one the edit saw
insert into notes (id, user_id, title, version) select tests.id(n), tests.uid(1), 'x', 3 from generate_series(3, 5) n;
select is(pg_temp.edit(3, 'title version', '{"title":"old","version":3,"_b":"1","_w":{"title":"x","version":2}}') ->> 0, 'superseded', 'server at 3, edit of version 2: skipped');
select is((select title || version from notes where id = tests.id(3)), 'x3', 'and nothing changes');
select is(pg_temp.edit(3, 'title version', '{"title":"new","version":4,"_b":"1","_w":{"title":"x","version":3}}') ->> 0, 'merged', 'edit of 3: applied');
select is((select title || version from notes where id = tests.id(3)), 'new4', 'the row is 4');
select pg_temp.edit(4, 'title version', '{"title":"both","version":5,"_b":"1","_w":{"title":"x","version":3}}') \gset ignored_
select is((select title || version from notes where id = tests.id(4)), 'both5', 'two own edits, coalesced: the row is 5');
select pg_temp.edit(5, 'title version', '{"title":"one","version":4,"_b":"1","_w":{"title":"x","version":3}}') \gset ignored_
select pg_temp.edit(5, 'title version', jsonb_build_object('title', 'two', 'version', 5, '_b', (select _rev::text from notes where id = tests.id(5)), '_w', '{"title":"one","version":4}'::jsonb)) \gset ignored_
select is((select title || version from notes where id = tests.id(5)), 'two5', 'one by one: the row is 5');
select is(pg_temp.edit(5, 'title', jsonb_build_object('title', 'three', '_b', (select _rev::text from notes where id = tests.id(5)), '_w', '{"title":"two"}'::jsonb)) #>> '{2,set,version}', '6', 'an edit that does not name the version is told the new one');
select * from finish();
