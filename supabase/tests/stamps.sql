-- SYNC 3, _rev and _at: what every write leaves behind, and what nobody can forge (invariant 11).
select plan(19);

create function pg_temp.at(n int) returns jsonb language sql volatile as $$ select _at from public.entries where id = tests.id(n) $$;
create function pg_temp.rev(n int) returns bigint language sql volatile as $$ select _rev from public.entries where id = tests.id(n) $$;

select tests.answer(1, tests.group('entries', 'ins', 'title body', tests.m(1, jsonb_build_object('id', tests.id(1), 'title', 't', 'body', 'b', '_t', '1700000000000000')))) as a \gset
select is(pg_temp.at(1), '{"title":1700000000000000,"body":1700000000000000}'::jsonb, 'an insert by push stamps the columns it sent, with the edit''s time');
select is((:'a'::jsonb) ->> 1, pg_temp.rev(1)::text, 'and answers the row''s revision');
select is(((:'a'::jsonb) #> '{2,set}') ? '_at' or ((:'a'::jsonb) #> '{2,set}') ? '_rev', false, '_rev and _at are in no answer');

select tests.answer(1, tests.group('entries', 'upd', 'title', tests.m(1, jsonb_build_object('id', tests.id(1), 'title', 'u', '_b', pg_temp.rev(1)::text, '_t', '1750000000000000')))) as a \gset
select is(pg_temp.at(1) -> 'title', '1750000000000000'::jsonb, 'an update by push stamps the columns it changed');
select ok((pg_temp.at(1) ->> 'updated_at')::bigint > thermocline.now_us() - 60000000, 'a column that a trigger set has the server''s clock');
select is(pg_temp.at(1) -> 'body', '1700000000000000'::jsonb, 'other columns keep their stamps');

select tests.answer(1, tests.group('entries', 'upd', 'body', tests.m(1, jsonb_build_object('id', tests.id(1), 'body', 'from the future', '_b', pg_temp.rev(1)::text, '_t', '9000000000000000')))) \gset ignored_
select ok((pg_temp.at(1) ->> 'body')::bigint <= thermocline.now_us(), 'a stamp ahead of the server''s clock counts as the server''s clock');

update entries set title = 'by sql', _at = '{"title":1,"body":1}', _rev = 7 where id = tests.id(1);
select ok((pg_temp.at(1) ->> 'title')::bigint > thermocline.now_us() - 60000000, 'a write past push is stamped with the server''s clock');
select isnt(pg_temp.at(1) -> 'body', '1'::jsonb, 'a forged stamp of another column is ignored');
select ok(pg_temp.rev(1) >> 22 > 700, 'a forged revision is ignored');
insert into entries (id, user_id, title, _rev, _at) values (tests.id(2), tests.uid(1), 'x', 9, '{"title":1}');
select ok(pg_temp.rev(2) >> 22 > 700, 'on insert too');
select ok(pg_temp.at(2) ? '*' and not pg_temp.at(2) ? 'title', 'a row that no push inserted has one stamp for all its columns');

-- No-op updates (SYNC 3)
select _rev as rev, updated_at as updated, _at::text as stamps from entries where id = tests.id(2) \gset
update entries set title = title, updated_at = '2001-01-01' where id = tests.id(2);
select is((select (_rev, updated_at, _at::text)::text from entries where id = tests.id(2)), row(:'rev'::bigint, :'updated'::timestamptz, :'stamps'::text)::text,
  'an update that changes no value keeps revision, time and stamps');
select tests.answer(1, tests.group('entries', 'upd', 'title', tests.m(1, jsonb_build_object('id', tests.id(2), 'title', 'x', '_b', :'rev')))) as a \gset
select is((:'a'::jsonb), jsonb_build_array('applied', :'rev', null), 'by push too: applied, with the same revision');

create table public.odd (id uuid primary key, user_id uuid not null default auth.uid(), n int, twice int generated always as (n * 2) stored, raw json);
alter table public.odd enable row level security;
create policy own on public.odd to authenticated using ((select auth.uid()) = user_id);
select thermocline.enable('public.odd') \gset ignored_
insert into odd (id, user_id, n, raw) values (tests.id(3), tests.uid(1), 1, '{"a": 1}');
select _rev as rev from odd where id = tests.id(3) \gset
update odd set n = 1;
select is((select _rev from odd), :'rev'::bigint, 'a no-op is one with generated columns and json, which has no equality, too');
update odd set n = 2;
select isnt((select _rev from odd), :'rev'::bigint, 'and a change is a change');
select ok((select _at ? 'n' and not _at ? 'twice' from odd), 'generated columns have no stamp');

-- A user who writes through PostgREST, past push
select is(tests.trouble(1, $$update public.entries set _at = '{"title":99}', _rev = 1, title = 'z' where id = tests.id(1)$$), null, 'a user''s own update may name _rev and _at');
select ok((select _rev >> 22 > 700 and (_at ->> 'title')::bigint > 99 from entries where id = tests.id(1)), 'and changes neither to a value of theirs');
select * from finish();
