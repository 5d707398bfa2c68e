-- SYNC 1, invariant 4: rows that become visible or invisible by a change of rights reach a device by the next pull, if the app touches them.
select plan(25);

select tests.make_table('notes', 'body text') \gset ignored_
select tests.make_table('members') \gset ignored_
drop policy own on notes;
create policy members_read on notes for select to authenticated
  using ((select auth.uid()) = user_id and exists (select from public.members m where m.user_id = (select auth.uid())));
create policy own_write on notes for update to authenticated using ((select auth.uid()) = user_id);
create function public.membership_changed() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  perform thermocline.touch('public.notes', (select jsonb_agg(jsonb_build_object('id', n.id)) from public.notes n
    where n.user_id = case when tg_op = 'DELETE' then old.user_id else new.user_id end));
  return null;
end $$;
create trigger notes_are_touched after insert or delete on members for each row execute function public.membership_changed();
insert into notes (id, user_id, title) values (tests.id(1), tests.uid(1), 'one'), (tests.id(2), tests.uid(1), 'two'), (tests.id(3), tests.uid(2), 'strange');

-- a membership comes and goes
select tests.cursor(1, 'notes') as before \gset
select is(tests.changes(1, 'notes', null), '', 'who is no member sees nothing');
select _at::text as stamps, _rev as rev from notes where id = tests.id(1) \gset
insert into members (id, user_id) values (tests.id(9), tests.uid(1));
select is(tests.changes(1, 'notes', :'before'), 'gone:01 gone:02 row:one row:two', 'a new member gets the rows, each after its tombstone');
select is(tests.changes(1, 'notes', null), 'row:one row:two', 'a device that begins anew gets the rows alone');
select is((select _at::text from notes where id = tests.id(1)), :'stamps', 'the stamps of the columns stay');
select tests.cursor(1, 'notes') as cursor \gset
delete from members;
select is(tests.changes(1, 'notes', :'cursor'), 'gone:01 gone:02', 'who was a member gets the tombstones');
select tests.cursor(1, 'notes') as cursor, tests.cursor(2, 'notes') as theirs \gset
insert into members (id, user_id) values (tests.id(9), tests.uid(1));
select is(tests.changes(1, 'notes', :'cursor'), 'gone:01 gone:02 row:one row:two', 'who is a member again gets them again');
select is(tests.changes(2, 'notes', :'theirs'), '', 'a stranger hears nothing of all that');

-- by push, which hides none of it
select tests.cursor(1, 'notes') as cursor \gset
select tests.push(1, tests.group('members', 'del', '', tests.m(1, jsonb_build_object('id', tests.id(9), '_b', (select _rev::text from members))))) as p \gset
select is(tests.outcomes(:'p'), 'applied', 'a user leaves');
select is((:'p'::jsonb) ->> 'xid', null, 'a push that touched rows is no own write');
select is(tests.changes(1, 'notes', :'cursor'), 'gone:01 gone:02', 'and what it took away goes');
select tests.push(1, tests.group('members', 'ins', '', tests.m(1, jsonb_build_object('id', tests.id(9)))),
  tests.group('notes', 'upd', 'title', tests.m(1, jsonb_build_object('id', tests.id(1), 'title', 'mine')))) as p \gset
select is(tests.outcomes(:'p'), 'applied merged', 'what a batch made visible can be changed in the same batch');
select is((select title || '/' || (r ->> 0 = _rev::text) from notes, jsonb_array_elements(tests.pull(1, '{"notes":{}}') #> '{pages,0,rows}') r where id = tests.id(1) and r #>> '{1,id}' = id::text), 'mine/true', 'and is pulled as it is');

-- what it is not
select _rev as rev from notes where id = tests.id(1) \gset
update notes set title = title, _rev = 0;
select is((select _rev from notes where id = tests.id(1)), :'rev'::bigint, 'any other update that changes no value keeps the revision, in the same session too');
select is(thermocline.touch('notes', jsonb_build_array(jsonb_build_object('id', tests.id(1)), jsonb_build_object('id', tests.id(1)), jsonb_build_object('id', tests.id(77)))), 1::bigint,
  'a key that is named twice is touched once, one that no row has is passed over');
select is(thermocline.touch('notes', null), 0::bigint, 'no keys: nothing');
select throws_ok($$select thermocline.touch('notes', '[{"title":"x"}]')$$, '22023', null, 'keys without the key''s columns are refused');
select throws_ok($$select thermocline.touch('pg_class', '[]')$$, '42P01', null, 'so is a table that is not synced');
select matches(tests.trouble(1, $$select thermocline.touch('public.notes', '[]')$$), '^42501', 'a user cannot call it');
select is(tests.trouble(1, format($q$do $x$ begin perform set_config('thermocline.touching', 'on', true); update public.notes set title = title where id = %L; end $x$ $q$, tests.id(1))), null,
  'who could set what it sets');
select is((select count(*) from thermocline.tombstones where key ->> 'id' = tests.id(1)::text and rev > (select _rev from notes where id = tests.id(1))), 0::bigint, 'could bury nothing');

delete from thermocline.tombstones;
select setval('thermocline.revs', 4194302) \gset ignored_
select is(thermocline.touch('notes', jsonb_build_array(jsonb_build_object('id', tests.id(1)))), 1::bigint, 'where revisions of a transaction begin anew in between');
select is((select jsonb_agg(d.rev < n._rev) from thermocline.tombstones d, notes n where n.id = tests.id(1)), '[true]', 'the tombstone is the older all the same');

-- tables of other kinds
create table cities (country text, name text, primary key (country, name));
alter table cities enable row level security;
create policy all_read on cities for select to authenticated using (true);
grant select on cities to authenticated;
select thermocline.enable('cities', null, 'remote-wins') \gset ignored_
create trigger a_suppress before update on cities for each row execute function suppress_redundant_updates_trigger();
insert into cities values ('at', 'wien'), ('at', 'graz');
select tests.cursor(3, 'cities') as cursor \gset
select is(thermocline.touch('cities', '[{"country":"at","name":"graz"}]'), 1::bigint, 'a row of a table without owner, with a compound key');
select is((select jsonb_build_array(p #> '{pages,0,gone,0,1}', p #> '{pages,0,rows,0,1}') from tests.pull(3, jsonb_build_object('cities', jsonb_build_object('cursor', :'cursor'))) p),
  '[{"country":"at","name":"graz"},{"country":"at","name":"graz"}]'::jsonb, 'everyone hears of, where a trigger suppresses updates of equal rows too');
create function pg_temp.never() returns trigger language plpgsql as $$ begin return null; end $$;
create trigger b_never before update on cities for each row execute function pg_temp.never();
select throws_ok($$select thermocline.touch('cities', '[{"country":"at","name":"graz"}]')$$, '55000', null, 'where a trigger lets no row be stamped, nothing is buried');
select * from finish();
