-- SYNC 5: one poke on the user's own topic for each push that changed something; a broken bell breaks no push.
select plan(6);

drop schema realtime cascade; -- the dev server's
create schema realtime;
create table realtime.rung (payload jsonb, event text, topic text, private boolean);
create function realtime.send(payload jsonb, event text, topic text, private boolean) returns void language sql as $$ insert into realtime.rung values (payload, event, topic, private) $$;
select tests.push(1, tests.group('entries', 'ins', 'title', tests.m(1, jsonb_build_object('id', tests.id(1), 'title', 'secret')))) as p \gset
select is((select topic from realtime.rung), 'thermocline:' || tests.uid(1), 'a push rings the user''s topic');
select is((select (payload, event, private)::text from realtime.rung), row(jsonb_build_object('xid', (:'p'::jsonb) ->> 'xid'), 'changed', true)::text, 'privately, with the xid and no row');
delete from realtime.rung;
select tests.push(1, tests.group('entries', 'upd', 'title', tests.m(1, jsonb_build_object('id', tests.id(7), 'title', 'x')))) \gset ignored_
select is((select count(*) from realtime.rung), 0::bigint, 'a push that changed nothing does not ring');
create or replace function realtime.send(payload jsonb, event text, topic text, private boolean) returns void language plpgsql as $$ begin raise exception 'out of order'; end $$;
select is(tests.answer(1, tests.group('entries', 'ins', 'title', tests.m(1, jsonb_build_object('id', tests.id(2), 'title', 'x')))) ->> 0, 'applied', 'a broken bell breaks no push');
select is((select count(*) from entries), 2::bigint, 'nor undoes it');
drop schema realtime cascade;
select is(tests.answer(1, tests.group('entries', 'ins', 'title', tests.m(1, jsonb_build_object('id', tests.id(3), 'title', 'x')))) ->> 0, 'applied', 'and without Realtime there is none');
select * from finish();
