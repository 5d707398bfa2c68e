-- RECIPES 4.1, 9: sync_logs holds numbers, belongs to its user, is never changed and is purged after 30 days; sync_health is the owner's.
select plan(20);
select is((select string_agg(cmd, ' ' order by cmd) from pg_policies where tablename = 'sync_logs'), 'DELETE INSERT SELECT', 'one policy for each operation but update');
select is((select direction || ' ' || policy || ' ' || time_col from thermocline.tables where name = 'sync_logs'), 'both remote-wins created_at', 'it is synced as section 2 says');
select is(tests.answer(1, tests.group('sync_logs', 'ins', 'function status received', tests.m(1, jsonb_build_object('id', tests.id(1), 'function', 'direct', 'status', 'failed', 'received', 3)))) ->> 0, 'applied', 'a device writes a row');
select is((select user_id from sync_logs), tests.uid(1), 'which is its user''s');
select is(tests.trouble(1, 'insert into public.sync_logs (function, status) values (''direct'', ''ok'')'), null, 'so does a function under the user''s token');
select is(tests.answer(1, tests.group('sync_logs', 'upd', 'received', tests.m(1, jsonb_build_object('id', tests.id(1), 'received', 4, '_b', (select _rev::text from sync_logs where id = tests.id(1)))))) #>> '{2,error,code}', '42501', 'it cannot be changed');
select is(tests.trouble(2, 'do $x$ begin if exists (select from public.sync_logs) then raise exception ''seen''; end if; end $x$'), null, 'a stranger sees none of it');
select is(tests.pull(2, '{"sync_logs":{}}') -> 'pages', '[]', 'nor pulls it');
select matches(tests.trouble(2, format('insert into public.sync_logs (user_id, function, status) values (%L, ''direct'', ''ok'')', tests.uid(1))), '^42501', 'nor writes under another''s name');
select is(tests.trouble(2, 'delete from public.sync_logs'), null, 'a stranger''s delete');
select is((select count(*) from sync_logs), 2::bigint, 'deletes nothing');
select matches(tests.trouble(1, format('insert into public.sync_logs (function, status, %s) values (''direct'', ''ok'', %s)', c, v)), 'violates check constraint "' || k, format('%s %s is refused', c, v))
  from (values ('received', '-1', 'sync_logs_counts_are_counts'), ('bytes_in', '-1', 'sync_logs_measures_are_positive'), ('error_code', 'repeat(''x'', 65)', 'sync_logs_texts_are_short')) q(c, v, k);
select matches(tests.trouble(1, 'insert into public.sync_logs (function, status) values (''direct'', ''fine'')'), 'sync_logs_status_is_known', 'so is an unknown status');
select matches(tests.trouble(1, 'select * from public.sync_health'), '^42501', 'sync_health is not for users');
select matches(tests.trouble(1, 'select public.purge_sync_logs()'), '^42501', 'nor is the purge');
insert into sync_logs (user_id, function, status, error_code, created_at) select tests.uid(2), 'apply_deltas', 'failed', '413', now() - interval '31 days' from generate_series(1, 5);
select is((select row(count, users)::text from sync_health where error_code = '413'), '(5,1)', 'sync_health counts by hour, way and error code');
select is((select public.purge_sync_logs(3) + public.purge_sync_logs() * 10), 23::bigint, 'the purge takes so many a run, and the rest the next time');
select is((select count(*) from sync_logs), 2::bigint, 'and leaves what is younger than 30 days');
select * from finish();
