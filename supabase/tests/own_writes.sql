-- SYNC 2, PITFALLS 9: own writes do not come back, and nothing that a client does not know is ever hidden with them.
select plan(21);

select tests.cursor(1, 'entries') as start \gset
select tests.push(1, tests.group('entries', 'ins', 'title', tests.m(1, jsonb_build_object('id', tests.id(1), 'title', 'one')))) as p \gset
select isnt((:'p'::jsonb) ->> 'xid', null, 'a push whose rows are all answered in full answers its xid');
select is((:'p'::jsonb) #>> '{groups,0,0,2,set,status}', 'open', 'an insert''s answer has the defaults that were not sent');
select ok((:'p'::jsonb) #> '{groups,0,0,2,set}' ? 'body', 'and the columns that stayed null');
select ok(not (:'p'::jsonb) #> '{groups,0,0,2,set}' ? 'title', 'but not what was stored as sent');
select is(tests.changes(1, 'entries', :'start'), 'row:one', 'without own xids the row comes');
select is(tests.changes(1, 'entries', :'start', jsonb_build_array((:'p'::jsonb) ->> 'xid')), '', 'with them it does not');
select is(tests.changes(1, 'entries', null, jsonb_build_array((:'p'::jsonb) ->> 'xid')), 'row:one', 'from nothing it comes all the same: that client may have lost it');

-- Merge: another device's column would be hidden for good if the answer did not carry it.
select _rev as seen from entries \gset
update entries set body = 'theirs';
select tests.cursor(1, 'entries') as start \gset
select tests.push(1, tests.group('entries', 'upd', 'title', tests.m(1, jsonb_build_object('id', tests.id(1), 'title', 'mine', '_b', :'seen', '_w', '{"title":"one"}'::jsonb)))) as p \gset
select is((:'p'::jsonb) #>> '{groups,0,0,2,row,body}', 'theirs', 'a merged row is answered whole');
select isnt((:'p'::jsonb) ->> 'xid', null, 'and so is an own write');

-- Cascade: the children's tombstones are answered to nobody.
select tests.make_table('parents') \gset ignored_
select tests.make_table('children', 'parent_id uuid constraint children_parent_id_fkey references public.parents on delete cascade') \gset ignored_
insert into parents (id, user_id, title) values (tests.id(10), tests.uid(1), 'p'), (tests.id(13), tests.uid(1), 'q');
insert into children (id, user_id, title, parent_id) values (tests.id(11), tests.uid(1), 'c', tests.id(10)), (tests.id(12), tests.uid(1), 'd', tests.id(10));
select tests.cursor(1, 'children') as start \gset
select tests.push(1, tests.group('parents', 'del', '', tests.m(1, jsonb_build_object('id', tests.id(10), '_b', (select _rev::text from parents where id = tests.id(10)))))) as p \gset
select is((:'p'::jsonb) #>> '{groups,0,0,0}', 'applied', 'a parent is deleted');
select is((:'p'::jsonb) #>> '{groups,0,0,1}', (select max(rev)::text from thermocline.tombstones where name = 'parents'), 'its answer has the tombstone''s revision');
select is((:'p'::jsonb) ->> 'xid', null, 'a cascade makes the push no own write');
select is(tests.changes(1, 'children', :'start', jsonb_build_array((:'p'::jsonb) ->> 'xid')), 'gone:11 gone:12', 'and the children''s tombstones come');
select is((tests.push(1, tests.group('parents', 'del', '', tests.m(1, jsonb_build_object('id', tests.id(13), '_b', (select _rev::text from parents where id = tests.id(13)))))) ->> 'xid') is not null,
  true, 'a delete without cascade is an own write');

-- A trigger on a parent
create function pg_temp.touch_parent() returns trigger language plpgsql as $$
begin
  update public.parents set title = 'touched' where id = new.parent_id;
  return null;
end $$;
create trigger touch after insert on children for each row execute function pg_temp.touch_parent();
insert into parents (id, user_id, title) values (tests.id(20), tests.uid(1), 'p');
select tests.cursor(1, 'parents') as start \gset
select tests.push(1, tests.group('children', 'ins', 'title parent_id', tests.m(1, jsonb_build_object('id', tests.id(21), 'title', 'c', 'parent_id', tests.id(20))))) as p \gset
select is((:'p'::jsonb) ->> 'xid', null, 'a row that a trigger changed makes the push no own write');
select is(tests.changes(1, 'parents', :'start'), 'row:touched', 'and comes');

-- Refused rows are rolled back, and so is their count.
select tests.push(1, tests.group('entries', 'ins', 'title mood', tests.m(1, jsonb_build_object('id', tests.id(31), 'title', 'good', 'mood', 1)),
  tests.m(1, jsonb_build_object('id', tests.id(32), 'title', 'bad', 'mood', 9)))) as p \gset
select is(tests.outcomes(:'p'), 'applied rejected', 'a bad row is refused beside a good one');
select isnt((:'p'::jsonb) ->> 'xid', null, 'rolled back stamps are not counted');
select is(tests.push(1, tests.group('entries', 'ins', 'title', tests.m(1, jsonb_build_object('id', tests.id(1), 'title', 'again', '_t', '5')))) ->> 'xid', null,
  'a push that changed nothing has no xid');
select is(tests.changes(1, 'parents', :'start', '[null, "x", ""]'), 'row:touched', 'an own xid that is none hides nothing');
select is(current_setting('thermocline.stamped', true), '', 'the count ends with the push');
select * from finish();
