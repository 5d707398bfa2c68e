-- DESIGN 6, policies: what becomes of an update, an insert on an existing key and a delete that meet a newer row.
select plan(40);
select tests.make_table('notes', 'body text, version int not null default 1', 'remote-wins') \gset ignored_

-- Makes row n with title 'base' and body 'base', lets another device change the title, and gives the revision before that.
create function pg_temp.contested(n int) returns text language plpgsql as $$
declare
  seen text;
begin
  insert into public.notes (id, user_id, title, body) values (tests.id(n), tests.uid(1), 'base', 'base')
    on conflict (id) do update set title = 'base', body = 'base';
  select _rev::text into seen from public.notes where id = tests.id(n);
  return seen;
end $$;
create function pg_temp.edit(n int, cols text, edit jsonb) returns jsonb language sql volatile
  as $$ select tests.answer(1, tests.group('notes', 'upd', cols, tests.m(1, jsonb_build_object('id', tests.id(n)) || edit))) $$;
create function pg_temp.drop_row(n int, more jsonb) returns jsonb language sql volatile
  as $$ select tests.answer(1, tests.group('notes', 'del', '', tests.m(1, jsonb_build_object('id', tests.id(n)) || more))) $$;
create function pg_temp.row_of(n int) returns text language sql volatile
  as $$ select title || '/' || body from public.notes where id = tests.id(n) $$;

-- remote-wins
select pg_temp.contested(1) as seen \gset
update notes set title = 'theirs' where id = tests.id(1);
select pg_temp.edit(1, 'body', jsonb_build_object('body', 'mine', '_b', :'seen', '_w', '{"body":"base"}'::jsonb)) as a \gset
select is((:'a'::jsonb) ->> 0, 'superseded', 'remote-wins: an edit of an older row is superseded, untouched columns or not');
select is((:'a'::jsonb) #>> '{2,row,title}', 'theirs', 'and answered with the server''s row');
select is(pg_temp.row_of(1), 'theirs/base', 'which stays');
select is(pg_temp.edit(1, 'body', jsonb_build_object('body', 'mine', '_b', (:'a'::jsonb) ->> 1)) ->> 0, 'applied', 'remote-wins: an edit of the current row is applied');
select is(pg_temp.drop_row(1, jsonb_build_object('_b', :'seen')) ->> 0, 'superseded', 'remote-wins: a delete that saw an older row is superseded');

-- local-wins
select thermocline.enable('notes', 'user_id', 'local-wins') \gset ignored_
select pg_temp.contested(2) as seen \gset
update notes set title = 'theirs' where id = tests.id(2);
select pg_temp.edit(2, 'title', jsonb_build_object('title', 'mine', '_b', :'seen', '_w', '{"title":"base"}'::jsonb)) as a \gset
select is((:'a'::jsonb) ->> 0, 'merged', 'local-wins: an edit of an older row is merged');
select is((:'a'::jsonb) #>> '{2,row,body}', 'base', 'and answered with the whole row');
select is(pg_temp.row_of(2), 'mine/base', 'and stands');
select is(pg_temp.drop_row(2, '{"_b":"1"}') ->> 0, 'applied', 'local-wins: a delete is applied whatever it saw');

-- latest-wins: by the time of the edit, per column
select thermocline.enable('notes', 'user_id', 'latest-wins') \gset ignored_
select pg_temp.contested(3) as seen \gset
select thermocline.now_us() as before_theirs \gset
update notes set title = 'theirs' where id = tests.id(3);
select is(pg_temp.edit(3, 'title', jsonb_build_object('title', 'mine', '_b', :'seen', '_t', :'before_theirs')) ->> 0, 'superseded',
  'latest-wins: an edit made before the server''s change loses, though it arrives later');
select is(pg_temp.edit(3, 'title body', jsonb_build_object('title', 'mine', 'body', 'mine', '_b', :'seen', '_t', :'before_theirs')) ->> 0, 'merged',
  'latest-wins: the columns are decided one by one');
select is(pg_temp.row_of(3), 'theirs/mine', 'the older title loses, the newer body wins');
select is(pg_temp.edit(3, 'title', jsonb_build_object('title', 'mine', '_b', :'seen')) ->> 0, 'merged', 'latest-wins: a later edit wins');
select is(pg_temp.edit(3, 'title body', jsonb_build_object('title', 'obj', 'body', 'obj', '_b', :'seen', '_t',
  jsonb_build_object('title', :'before_theirs', 'body', thermocline.now_us()::text))) #>> '{2,row,title}', 'mine',
  'latest-wins: a coalesced edit has a stamp for each column');
select is(pg_temp.row_of(3), 'mine/obj', 'and each is decided by its own');
select is(pg_temp.drop_row(3, jsonb_build_object('_b', :'seen', '_t', :'before_theirs')) ->> 0, 'superseded', 'latest-wins: a delete made before the last change loses');
select is(pg_temp.drop_row(3, jsonb_build_object('_b', :'seen', '_t', jsonb_build_object('title', '5', 'body', :'before_theirs'))) ->> 0, 'superseded', 'a coalesced one counts from its latest stamp');
select is(pg_temp.drop_row(3, jsonb_build_object('_b', :'seen')) ->> 0, 'applied', 'latest-wins: a delete made after it wins');

-- merge
select thermocline.enable('notes', 'user_id', 'merge') \gset ignored_
select pg_temp.contested(4) as seen \gset
select thermocline.now_us() as before_theirs \gset
update notes set title = 'theirs' where id = tests.id(4);
select pg_temp.edit(4, 'body', jsonb_build_object('body', 'mine', '_b', :'seen', '_t', '1', '_w', '{"body":"base"}'::jsonb)) as a \gset
select is((:'a'::jsonb) ->> 0, 'merged', 'merge: a column that only this side changed is taken, whatever its stamp');
select is((:'a'::jsonb) #>> '{2,row,title}', 'theirs', 'merge: the answer carries what the other side changed');
select is(pg_temp.edit(4, 'title', jsonb_build_object('title', 'mine', '_b', :'seen', '_t', :'before_theirs', '_w', '{"title":"base"}'::jsonb)) ->> 0,
  'superseded', 'merge: of a column that both changed the later edit wins');
select is(pg_temp.edit(4, 'title', jsonb_build_object('title', 'theirs', '_b', :'seen', '_t', '1', '_w', '{"title":"base"}'::jsonb)) ->> 0,
  'merged', 'merge: both sides made the same change');
select is(tests.answer(1, tests.group('notes', 'ins', 'title body', tests.m(1, jsonb_build_object('id', tests.id(4), 'title', 'made', 'body', 'mine'))))
  ->> 0, 'merged', 'merge: an insert whose key exists is settled as an update, never refused');
select is(pg_temp.row_of(4), 'made/mine', 'and the later one wins');
select is(tests.answer(1, tests.group('notes', 'ins', 'title', tests.m(1, jsonb_build_object('id', tests.id(4), 'title', 'old', '_t', '5')))) ->> 0,
  'superseded', 'merge: an insert made earlier loses');
select is(tests.answer(1, tests.group('notes', 'ins', 'title', tests.m(1, jsonb_build_object('id', tests.id(4), 'title', 'new'))) || '{"ignore":true}') ->> 0,
  'superseded', 'an insert that ignores duplicates is superseded by the row that is there');
select is(tests.answer(1, tests.group('notes', 'ups', 'title', tests.m(1, jsonb_build_object('id', tests.id(4), 'title', 'upserted')))) #>> '{2,row,title}',
  'upserted', 'an upsert of an existing row is an update without base');

-- ask
select thermocline.enable('notes', 'user_id', 'ask') \gset ignored_
select pg_temp.contested(5) as seen \gset
update notes set title = 'theirs' where id = tests.id(5);
select pg_temp.edit(5, 'title body', jsonb_build_object('title', 'mine', 'body', 'mine', '_b', :'seen', '_w', '{"title":"base","body":"base"}'::jsonb)) as a \gset
select is((:'a'::jsonb) ->> 0, 'conflict', 'ask: a column that both sides changed is a conflict');
select is(pg_temp.row_of(5), 'theirs/base', 'ask: and nothing of the edit is applied');
select is(pg_temp.edit(5, 'body', jsonb_build_object('body', 'mine', '_b', :'seen', '_w', '{"body":"base"}'::jsonb)) ->> 0, 'merged', 'ask: other columns merge');
select is(pg_temp.drop_row(5, jsonb_build_object('_b', :'seen')) ->> 0, 'conflict', 'ask: a delete of a row that has changed is a conflict');
select pg_temp.contested(7) as seen \gset
delete from notes where id = tests.id(7);
select pg_temp.edit(7, 'title', jsonb_build_object('title', 'mine', '_b', :'seen', '_w', '{"title":"base"}'::jsonb)) as a \gset
select is(:'a'::jsonb, '["conflict",null,{"row":null}]', 'ask: an edit of a row that was removed is a conflict without a row');
select is(tests.answer(2, tests.group('notes', 'upd', 'title', tests.m(2, jsonb_build_object('id', tests.id(7), 'title', 'mine')))), '["hidden",null,null]', 'ask: for a stranger it is hidden');
select is(pg_temp.edit(77, 'title', '{"title":"mine"}'), '["hidden",null,null]', 'ask: and so is a row that never was');
select is(pg_temp.drop_row(7, jsonb_build_object('_b', :'seen')), '["applied",null,null]', 'ask: a delete of a removed row is applied');
select is(tests.outcomes(tests.push(1, tests.group('notes', 'upd', 'title', variadic array(select tests.m(1, jsonb_build_object('id', tests.id(i), 'title', 'x')) from generate_series(5, 8) i)))),
  'conflict hidden conflict hidden', 'ask: each row of a batch by itself');
select thermocline.enable('notes', 'user_id', 'merge') \gset ignored_
select is(pg_temp.edit(7, 'title', '{"title":"mine"}'), '["hidden",null,null]', 'other policies: an edit of a removed row is hidden');

-- version
select thermocline.enable('notes', 'user_id', 'version') \gset ignored_
select pg_temp.contested(6) as seen \gset
update notes set version = 3 where id = tests.id(6);
select is(pg_temp.edit(6, 'title', jsonb_build_object('title', 'mine', '_b', :'seen', '_w', '{"version":2}'::jsonb)) ->> 0, 'superseded', 'version: an edit of version 2 is skipped when the server has 3');
select is(pg_temp.edit(6, 'title', jsonb_build_object('title', 'mine', '_b', :'seen', '_w', '{"version":3}'::jsonb)) ->> 0, 'merged', 'version: an edit of version 3 is applied');
select is(pg_temp.drop_row(6, '{"_b":"1"}') ->> 0, 'superseded', 'version: a delete that saw an older row is skipped');
select * from finish();
