-- PITFALLS 4: what is kept of removed rows and of answers, how long, and that a device which missed some begins anew.
select plan(11);
select tests.make_table('notes') \gset ignored_
insert into notes (id, user_id, title) select tests.id(i), tests.uid(1), 'n' || i from generate_series(1, 3) i;
select tests.cursor(1, 'notes') as old \gset
delete from notes where id = tests.id(1);
select tests.cursor(1, 'notes') as later \gset
delete from notes where id = tests.id(2);
select tests.push(1, tests.group('notes', 'ins', 'title', tests.m(1, jsonb_build_object('id', tests.id(9), 'title', 'x')))) \gset ignored_

select thermocline.purge() \gset ignored_
select is((select count(*) from thermocline.tombstones), 2::bigint, 'what is younger than settings.kept stays');
select is((select tombstone_floor from thermocline.settings), 0::bigint, 'and so does the floor');
update thermocline.tombstones set removed_at = now() - interval '91 days' where key ->> 'id' = tests.id(1)::text;
select thermocline.purge() \gset ignored_
select is((select string_agg(key ->> 'id', ' ') from thermocline.tombstones), tests.id(2)::text, 'what is older goes');
select is(tests.pull(1, jsonb_build_object('notes', jsonb_build_object('cursor', :'old'))), '{"status":"resync","reason":"expired"}', 'a device that had not heard of it begins anew');
begin;
select tests.become(1) \gset ignored_
select public.thermocline_audit(1, 'c', jsonb_build_object('notes', jsonb_build_object('cursor', :'old'))) as a \gset
commit;
select is(:'a'::jsonb, '{"status":"resync","reason":"expired"}', 'an audit tells it the same');
select is(tests.changes(1, 'notes', :'later'), 'gone:02 row:x', 'one that had heard goes on');
select is(tests.changes(1, 'notes', null), 'row:n3 row:x', 'and one that begins anew has no copy of the removed row');
select tombstone_floor as floor from thermocline.settings \gset
insert into thermocline.tombstones values ('notes', tests.uid(1), '{"id":"x"}', 1 << 22, now() - interval '91 days');
select thermocline.purge() \gset ignored_
select is((select tombstone_floor from thermocline.settings), :'floor'::bigint, 'the floor never sinks');
select is((select count(*) from thermocline.answers), 1::bigint, 'an answer is kept as long');
update thermocline.answers set answered_at = now() - interval '91 days';
select thermocline.purge() \gset ignored_
select is((select count(*) from thermocline.answers), 0::bigint, 'and no longer');
select matches(tests.trouble(1, 'select thermocline.purge()'), '^42501', 'a user cannot purge');
select * from finish();
