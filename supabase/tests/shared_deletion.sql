-- RECIPES 9: delete_my_rows and delete_my_account take the caller's rows, all of them, and no one else's.
select plan(21);
create schema storage;
create table storage.objects (bucket_id text, name text);
select tests.make_table('pens', 'pen_of uuid references public.pens (id) on delete cascade') \gset ignored_
select tests.make_table('notes') \gset ignored_
select tests.make_table('drafts', enabled => false) \gset ignored_
select thermocline.enable('drafts', direction => 'local-only') \gset ignored_
revoke all on drafts from authenticated;
alter table notes add foreign key (user_id) references auth.users (id) on delete cascade;
select thermocline.declare_recipe('writing', 'notes', 'pens', 'drafts') \gset ignored_
insert into notes (id, user_id, title) select tests.id(n), tests.uid(1 + n % 2), 'n' from generate_series(1, 6) n;
insert into pens (id, user_id) select tests.id(n), tests.uid(1 + n % 2) from generate_series(1, 4) n;
create function pg_temp.delete_rows(n int, recipe text) returns jsonb language plpgsql volatile as $$
declare
  answer jsonb;
begin
  perform tests.become(n);
  answer := public.delete_my_rows(recipe);
  perform set_config('role', 'none', true);
  return answer;
end $$;

select throws_ok($$select thermocline.declare_recipe('writing', 'nope')$$, '42P01', null, 'a recipe cannot declare a table that is not there');
select tests.cursor(1, 'notes') as seen \gset
select is(pg_temp.delete_rows(1, 'writing'), '{"notes":3,"pens":2}', 'delete_my_rows answers how many of each table; those of a device alone are not there');
select is((select string_agg(distinct user_id::text, ' ') from (select user_id from notes union all select user_id from pens) q), tests.uid(2)::text, 'a stranger''s rows stay');
select is(tests.changes(1, 'notes', :'seen'), 'gone:02 gone:04 gone:06', 'devices get tombstones');
select is(pg_temp.delete_rows(1, 'writing'), '{"notes":0,"pens":0}', 'again: nothing');
select matches(tests.trouble(1, 'select public.delete_my_rows(''nope'')'), '^22023', 'a recipe that is not installed is refused');
select matches(tests.trouble(1, 'select thermocline.declare_recipe(''writing'', ''entries'')'), '^42501', 'users declare no recipes');
select throws_ok('set role anon; select public.delete_my_rows(''writing'')', '42501', null, 'anon deletes nothing');
reset role;
select throws_ok($$select set_config('request.jwt.claims', '', false), public.delete_my_rows('writing')$$, '42501', null, 'nor does an operator, who has no rows');

-- the account
insert into entries (user_id, title) values (tests.uid(2), 'no foreign key leads to the user'), (tests.uid(3), 'a stranger''s');
insert into notes (id, user_id, title) values (tests.id(9), tests.uid(3), 'a stranger''s');
select tests.push(2, tests.group('thermocline_choices', 'ins', 'policy', tests.m(2, jsonb_build_object('user_id', tests.uid(2), 'table_name', 'notes', 'policy', 'merge')))) \gset ignored_
select tests.push(3, tests.group('notes', 'ins', 'title', tests.m(3, jsonb_build_object('id', tests.id(10), 'title', 'pushed')))) \gset ignored_
insert into sync_logs (user_id, function, status) values (tests.uid(2), 'direct', 'ok'), (tests.uid(3), 'direct', 'ok');
insert into thermocline.calls values (tests.uid(2), 'fetch_sky', now(), 1);
insert into storage.objects values ('captures', format('users/%s/a.webm', tests.uid(2))), ('captures', format('users/%s/b.webm', tests.uid(3)));
select matches(tests.trouble(2, 'select public.delete_my_account()'), '^55000 1 stored objects', 'an account with stored objects is not deleted');
select ok(exists (select from auth.users where id = tests.uid(2)), 'it stays');
delete from storage.objects where name like '%a.webm';
select is(tests.trouble(2, 'select public.delete_my_account()'), null, 'without them it is');
select ok(not exists (select from auth.users where id = tests.uid(2)), 'the auth user is gone');
select is((select count(*) from notes where user_id = tests.uid(2)) + (select count(*) from pens where user_id = tests.uid(2)) + (select count(*) from entries where user_id = tests.uid(2))
  + (select count(*) from sync_logs where user_id = tests.uid(2)) + (select count(*) from thermocline_choices where user_id = tests.uid(2)), 0::bigint, 'so is every row, with or without a foreign key');
select is((select count(*) from thermocline.answers where owner = tests.uid(2)) + (select count(*) from thermocline.tombstones where owner = tests.uid(2))
  + (select count(*) from thermocline.calls where user_id = tests.uid(2)), 0::bigint, 'and what was remembered of them');
select is((select count(*) from entries where user_id = tests.uid(3)) + (select count(*) from notes where user_id = tests.uid(3)) + (select count(*) from sync_logs where user_id = tests.uid(3)), 4::bigint, 'a stranger has all of theirs');
select is((select count(*) from thermocline.answers where owner = tests.uid(3)), 1::bigint, 'and their answers');
select is((select count(*) from storage.objects), 1::bigint, 'and their objects');
select throws_ok('set role anon; select public.delete_my_account()', '42501', null, 'anon deletes no account');
reset role;
select throws_ok($$select set_config('request.jwt.claims', '', false), public.delete_my_account()$$, '42501', null, 'nor does an operator');
select is((select pronargs from pg_proc where proname = 'delete_my_account'), 0::smallint, 'it takes no argument: nobody else''s account can be named');
select * from finish();
