-- Invariant 10, PITFALLS 15: only bad rows are refused; the rest is applied, in order.
select plan(27);

-- one bad row among many
select tests.push(1, jsonb_build_object('t', 'entries', 'op', 'ins', 'cols', '["title","mood"]'::jsonb, 'rows',
  (select jsonb_agg(tests.m(1, jsonb_build_object('id', tests.id(i), 'title', 't' || i, 'mood', case when i = 37 then 9 else 3 end)) order by i) from generate_series(1, 100) i))) as p \gset
select is((select count(*) from entries), 99::bigint, 'one bad row of a hundred is refused, the others are applied');
select is((:'p'::jsonb) #>> '{groups,0,36,0}', 'rejected', 'the answers are in the rows'' order');
select is((:'p'::jsonb) #> '{groups,0,36,2,error}' ->> 'code', '23514', 'it has its SQLSTATE');
select is((:'p'::jsonb) #> '{groups,0,36,2,error}' ->> 'constraint', 'entries_mood_is_one_to_five', 'and its constraint');
select is((tests.answer(1, tests.group('entries', 'ins', 'title amount', tests.m(1, jsonb_build_object('id', tests.id(200), 'title', 'x', 'amount', 'abc'))))) #>> '{2,error,code}',
  '22P02', 'a value that is no number is refused');
select is((tests.answer(1, tests.group('entries', 'ins', 'body', tests.m(1, jsonb_build_object('id', tests.id(200), 'body', 'x'))))) #>> '{2,error,column}',
  'title', 'a missing value names its column');

-- groups that cannot be meant
select is((tests.answer(1, tests.group('nope', 'ins', 'a', tests.m(1, jsonb_build_object('id', tests.id(1), 'a', 1))))) #>> '{2,error,code}', '42P01', 'a table that is not synced is refused');
select is((tests.answer(1, tests.group('entries; drop table x', 'ins', 'a', tests.m(1, '{"id":1}')))) #>> '{2,error,code}', '42P01', 'so is a table''s name that is none');
select is((tests.answer(1, tests.group('entries', 'upd', '";drop--', tests.m(1, jsonb_build_object('id', tests.id(1)))))) #>> '{2,error,column}', '";drop--', 'so is a column that is none');
select is((tests.answer(1, tests.group('entries', 'upd', '_rev', tests.m(1, jsonb_build_object('id', tests.id(1), '_rev', '9'))))) #>> '{2,error,code}', '42703', '_rev cannot be set');
select is((tests.answer(1, tests.group('entries', 'upd', '_at', tests.m(1, jsonb_build_object('id', tests.id(1), '_at', '{}'::jsonb))))) #>> '{2,error,code}', '42703', 'nor can _at');
select is((tests.answer(1, tests.group('entries', 'upd', 'title', tests.m(1, '{"title":"x"}')))) #>> '{2,error,code}', '23502', 'a row without its key is refused');
select is((tests.answer(1, tests.group('entries', 'upd', 'title', tests.m(1, '{"title":"x","id":"no uuid"}')))) #>> '{2,error,code}', '22P02', 'so is one whose key is no uuid');

-- hidden
select is(tests.answer(1, tests.group('entries', 'upd', 'title', tests.m(1, jsonb_build_object('id', tests.id(999), 'title', 'x', '_b', '1')))), '["hidden",null,null]'::jsonb,
  'an update of a row that is gone is hidden');
select is(tests.answer(1, tests.group('entries', 'del', '', tests.m(1, jsonb_build_object('id', tests.id(999), '_b', '1')))), '["applied",null,null]'::jsonb,
  'a delete of a row that is gone is applied');

-- a natural key under another id
select tests.push(1, tests.group('entries', 'ins', 'title slug', tests.m(1, jsonb_build_object('id', tests.id(300), 'title', 'holder', 'slug', 's')))) \gset ignored_
select tests.answer(1, tests.group('entries', 'ins', 'title slug', tests.m(1, jsonb_build_object('id', tests.id(301), 'title', 'late', 'slug', 's')))) as a \gset
select is((:'a'::jsonb) ->> 0, 'rejected', 'a natural key that is taken under another id is refused');
select is((:'a'::jsonb) #>> '{2,row,id}', tests.id(300)::text, 'with the visible row that has it');
select is((:'a'::jsonb) ->> 1, (select _rev::text from entries where id = tests.id(300)), 'and that row''s revision');
select is((tests.answer(1, tests.group('entries', 'upd', 'slug', tests.m(1, jsonb_build_object('id', tests.id(1), 'slug', 's', '_b', (select _rev::text from entries where id = tests.id(1))))))) #>> '{2,row,id}',
  tests.id(300)::text, 'an update into it too');

-- deferred foreign keys, and rows that refer to refused ones
select tests.make_table('parents', 'n int check (n > 0)') \gset ignored_
select tests.make_table('children', 'parent_id uuid references public.parents deferrable initially deferred') \gset ignored_
select is(tests.outcomes(tests.push(1, tests.group('children', 'ins', 'parent_id', tests.m(1, jsonb_build_object('id', tests.id(1), 'parent_id', tests.id(99))),
  tests.m(1, jsonb_build_object('id', tests.id(2), 'parent_id', null))))), 'rejected applied', 'a deferred foreign key that fails is its own row''s fault');
select tests.push(1,
  tests.group('parents', 'ins', 'n', tests.m(1, jsonb_build_object('id', tests.id(40), 'n', -1)), tests.m(1, jsonb_build_object('id', tests.id(41), 'n', 1))),
  tests.group('children', 'ins', 'parent_id', tests.m(1, jsonb_build_object('id', tests.id(42), 'parent_id', tests.id(40))), tests.m(1, jsonb_build_object('id', tests.id(43), 'parent_id', tests.id(41))))) as p \gset
select is(tests.outcomes(:'p'), 'rejected applied blocked applied', 'a row that refers to a refused one is blocked, others are not');
select is((select count(*) from thermocline.answers where outcome = 'blocked'), 0::bigint, 'blocked is not remembered');
select is((tests.answer(1, tests.group('parents', 'ins', 'n', tests.m(1, jsonb_build_object('id', tests.id(40), 'n', 5))))) ->> 0, 'applied', 'so when a new mutation mends the parent');
select is((tests.answer(1, tests.group('children', 'ins', 'parent_id', (tests.m(1, jsonb_build_object('id', tests.id(42), 'parent_id', tests.id(40)))))) ) ->> 0, 'applied', 'the child follows');

-- a tree: parent and child in one statement; and a chain of blocked rows
create table trees (id uuid primary key, user_id uuid not null default auth.uid(), parent_id uuid references trees, n int check (n > 0));
alter table trees enable row level security;
create policy own on trees to authenticated using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
grant select, insert, update, delete on trees to authenticated;
select thermocline.enable('trees') \gset ignored_
insert into trees (id, user_id, n) values (tests.id(70), tests.uid(2), 1);
select is(tests.outcomes(tests.push(1, tests.group('trees', 'ins', 'parent_id n', tests.m(1, jsonb_build_object('id', tests.id(60), 'n', -1)),
  tests.m(1, jsonb_build_object('id', tests.id(61), 'parent_id', tests.id(60), 'n', 1)), tests.m(1, jsonb_build_object('id', tests.id(62), 'parent_id', tests.id(61), 'n', 1)),
  tests.m(1, jsonb_build_object('id', tests.id(63), 'n', 1)), tests.m(1, jsonb_build_object('id', tests.id(64), 'parent_id', tests.id(63), 'n', 1))))),
  'rejected blocked blocked applied applied', 'in a tree the children of a refused row are blocked, and theirs');
select is(tests.outcomes(tests.push(1, tests.group('trees', 'ins', 'parent_id n', tests.m(1, jsonb_build_object('id', tests.id(70), 'n', 1)),
  tests.m(1, jsonb_build_object('id', tests.id(71), 'parent_id', tests.id(70), 'n', 1))))),
  'rejected blocked', 'a child of a refused row is blocked even if a stranger''s row has that key');
select is((select count(*) from trees where parent_id = tests.id(70)), 0::bigint, 'and refers to no stranger''s row');
select * from finish();
