-- Keys of several columns, generated and dropped columns, arrays, odd names, tables without an owner.
select plan(19);

create table gen (user_id uuid not null default auth.uid(), k text, dropped int, v int not null default 7, twice int generated always as (v * 2) stored,
  arr text[] default '{}', j jsonb, at timestamptz, "weird ""col" text, primary key (user_id, k));
alter table gen drop column dropped;
alter table gen add column late text;
alter table gen enable row level security;
create policy own on gen to authenticated using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
grant select, insert, update, delete on gen to authenticated;
select thermocline.enable('gen') \gset ignored_
select to_jsonb(array['v', 'arr', 'j', 'weird "col', 'late', 'at']) as cols \gset
select tests.answer(1, jsonb_build_object('t', 'gen', 'op', 'ins', 'cols', (:'cols'::jsonb), 'rows', jsonb_build_array(
  tests.m(1, jsonb_build_object('user_id', tests.uid(1), 'k', 'a', 'v', 3, 'arr', '["p","q\"r"]'::jsonb, 'j', '{"z":[1]}'::jsonb, 'weird "col', 'w', 'late', 'L', 'at', '2026-01-01T00:00:00Z'))))) as a \gset
select is((:'a'::jsonb) ->> 0, 'applied', 'a row of odd columns is inserted (PITFALLS 8)');
select is((:'a'::jsonb) #> '{2,set}', '{"twice": 6, "at": "2026-01-01T00:00:00+00:00"}'::jsonb, 'the answer has the generated column and the server''s text of the time');
select is((select (arr[2], j, "weird ""col", late)::text from gen), row('q"r', '{"z": [1]}'::jsonb, 'w', 'L')::text, 'the values are as sent');
select is(tests.pull(1, '{"gen":{}}') #> '{pages,0,rows,0,1,arr}', '["p","q\"r"]'::jsonb, 'and come back so');
select is(tests.answer(1, jsonb_build_object('t', 'gen', 'op', 'upd', 'cols', '["j","v"]'::jsonb, 'rows', jsonb_build_array(tests.m(1, jsonb_build_object('user_id', tests.uid(1), 'k', 'a', 'v', 4,
  'j', '{"z":[2]}'::jsonb, '_b', '1', '_w', '{"v":3,"j":{"z":[1]}}'::jsonb))))) ->> 0, 'merged', 'old values of jsonb columns are compared as values');
select is((tests.answer(1, tests.group('gen', 'upd', 'twice', tests.m(1, jsonb_build_object('user_id', tests.uid(1), 'k', 'a', 'twice', 1))))) #>> '{2,error,code}', '42703', 'a generated column cannot be set');
select tests.cursor(1, 'gen') as start \gset
select tests.answer(1, tests.group('gen', 'del', '', tests.m(1, jsonb_build_object('user_id', tests.uid(1), 'k', 'a', '_b', (select _rev::text from gen))))) as a \gset
select isnt((:'a'::jsonb) ->> 1, null, 'a row with a key of two columns is deleted, with its tombstone''s revision');
select is(tests.pull(1, jsonb_build_object('gen', jsonb_build_object('cursor', :'start'))) #> '{pages,0,gone,0,1}', jsonb_build_object('user_id', tests.uid(1), 'k', 'a'), 'its tombstone has the whole key');

-- a table without an owner
create table places (id int primary key, name text unique);
alter table places enable row level security;
create policy all_read on places for select to authenticated using (true);
create policy all_make on places for insert to authenticated with check (true);
create policy all_drop on places for delete to authenticated using (true);
grant select, insert, delete on places to authenticated;
select thermocline.enable('places', null) \gset ignored_
select tests.cursor(2, 'places') as start \gset
select is(tests.answer(1, tests.group('places', 'ins', 'name', tests.m(1, '{"id":1,"name":"x"}'))) ->> 0, 'applied', 'a row without an owner is made');
select is((tests.answer(2, tests.group('places', 'ins', 'name', tests.m(2, '{"id":2,"name":"x"}')))) #>> '{2,row,id}', '1', 'a taken name shows who has it');
select is(tests.pull(2, jsonb_build_object('places', jsonb_build_object('cursor', :'start'))) #>> '{pages,0,rows,0,1,name}', 'x', 'every signed-in user gets it');
select tests.cursor(2, 'places') as start \gset
select is(tests.answer(1, tests.group('places', 'del', '', tests.m(1, jsonb_build_object('id', 1, '_b', (select _rev::text from places))))) ->> 0, 'applied', 'it is deleted');
select is(tests.pull(2, jsonb_build_object('places', jsonb_build_object('cursor', :'start'))) #> '{pages,0,gone,0,1}', '{"id":1}'::jsonb, 'and its tombstone reaches every user');

-- directions
select thermocline.enable('places', null, direction => 'pull-only') \gset ignored_
select is((tests.answer(1, tests.group('places', 'ins', 'name', tests.m(1, '{"id":3,"name":"y"}')))) #>> '{2,error,code}', '42501', 'nothing is pushed to a pull-only table');

select thermocline.enable('places', null, direction => 'local-only') \gset ignored_
select is((tests.answer(1, tests.group('places', 'ins', 'name', tests.m(1, '{"id":4,"name":"z"}')))) #>> '{2,error,message}', 'table "places" is local-only', 'nor to one that stays on the device');

-- a trigger that turns a delete into something else
select tests.make_table('kept', 'deleted_at timestamptz') \gset ignored_
create function pg_temp.keep() returns trigger language plpgsql as $$ begin update public.kept set deleted_at = now() where id = old.id; return null; end $$;
create trigger keep before delete on kept for each row execute function pg_temp.keep();
insert into kept (id, user_id, title) values (tests.id(1), tests.uid(1), 'k');
select is((tests.answer(1, tests.group('kept', 'del', '', tests.m(1, jsonb_build_object('id', tests.id(1), '_b', (select _rev::text from kept)))))) ->> 0, 'superseded', 'a delete that a trigger turns into an update answers the row that stays');

-- an app's own functions, which name tables without their schema, as they may under PostgREST
create table counted (id uuid);
create function count_it() returns trigger language plpgsql as $$ begin insert into counted values (new.id); return null; end $$;
create table admitted (id uuid);
create function is_admitted(who uuid) returns boolean language plpgsql stable as $$ begin return exists (select from admitted a where a.id = who); end $$;
grant select, insert on counted, admitted to authenticated;
select tests.make_table('plain') \gset ignored_
create trigger count_it after insert on plain for each row execute function count_it();
create constraint trigger count_later after insert on plain deferrable initially deferred for each row execute function count_it();
create policy admitted on plain as restrictive for select to authenticated using (is_admitted(user_id));
insert into admitted values (tests.uid(1));
select is(tests.answer(1, tests.group('plain', 'ins', 'title', tests.m(1, jsonb_build_object('id', tests.id(1), 'title', 'x')))) ->> 0, 'applied', 'triggers of the app find its tables');
select is((select count(*) from counted), 2::bigint, 'deferred ones too');
select is(tests.changes(1, 'plain', null), 'row:x', 'and so do its policies');
select * from finish();
