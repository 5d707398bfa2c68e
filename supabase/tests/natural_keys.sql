-- RECIPES 1.2, DESIGN 6: ids derived from natural keys, and what becomes of rows whose natural key is taken.
select plan(32);

-- the ids, by the worked examples X-1 and X-3
select is(thermocline.natural_id(t, v)::text, id, format('the id of %s %s', t, v[2:])) from (values
  ('daily_attunements', array[tests.uid(1)::text, '2026-03-10'], 'e725aeef-bc74-58ca-9529-d22096ccf0a2'),
  ('entities', array[tests.uid(1)::text, 'tag', 'deep-work'], 'e5da3cf9-795a-574d-841a-3ab394eb9a42'),
  ('entries', array[tests.uid(1)::text, 'task', 't-42'], '35c8342a-bcd4-5193-b2c3-5017f69de546'),
  ('projects', array[tests.uid(1)::text, 'p1'], '179aa739-1070-5349-b2d4-9418753b0c04'),
  ('health_data', array[tests.uid(1)::text, 'steps', 'import', '2026-03-10T07:10:00+00:00'], '5a5191a8-1bc1-5ea2-86b4-3e4d6c503d0f'),
  ('health_data', array[tests.uid(1)::text, 'steps', 'import', '2026-03-10T07:10:00.25+00:00'], '654ebd81-7ab3-53ea-8d0a-54721513f1ed')) c(t, v, id);
select is(encode(thermocline.sha1(convert_to(m, 'UTF8')), 'hex'), h, format('SHA-1 of %s bytes', length(m))) from (values
  ('', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'), ('abc', 'a9993e364706816aba3e25717850c26c9cd0d89d'),
  ('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq', '84983e441c3bd26ebaae4aa1f95129e5e54670f1'),
  (repeat('a', 1000), '291e9a6c66994949b57ba5e650361e98fc36b1ba')) c(m, h);
select is(thermocline.natural_id('t', array['a', null]), null, 'a natural key with a null is none');

-- declared
select tests.make_table('tags', 'kind text not null, seen_at timestamptz, constraint tags_natural unique (user_id, kind, seen_at)', enabled => false) \gset ignored_
create table words (word text primary key, user_id uuid); alter table words enable row level security;
create function pg_temp.trouble(statement text) returns text language plpgsql as $$
begin
  execute statement;
  return null;
exception when others then return sqlerrm;
end $$;
select matches(pg_temp.trouble(format('select thermocline.enable(%L, natural_key => %L)', t, k)), why, format('natural key %s of %s is refused', k, t)) from (values
  ('tags', '{user_id,kind}', 'no unique constraint over exactly'), ('tags', '{user_id,kind,seen_at,title}', 'no unique constraint'), ('tags', '{user_id,nope}', 'no column "nope"'),
  ('words', '{word}', 'not one uuid column'), ('tags', '{id}', 'not one uuid column'), ('tags', '{}', 'no unique constraint')) c(t, k, why);
select thermocline.enable('tags', natural_key => '{user_id,kind,seen_at}') \gset ignored_
select is(public.thermocline_schema(1, '["tags"]') #> '{tables,tags,natural_key}', '["user_id","kind","seen_at"]', 'devices are told which columns it has, in their order');

-- two devices that are offline make the same row
select thermocline.natural_id('tags', array[tests.uid(1)::text, 'mood', '2026-03-10T07:10:00.25+00:00']) as derived \gset
select tests.m(1, jsonb_build_object('id', :'derived', 'kind', 'mood', 'seen_at', '2026-03-10T08:10:00.250+01:00', 'title', 'one')) as m \gset
select is(tests.answer(1, tests.group('tags', 'ins', 'kind seen_at title', :'m')) ->> 0, 'applied', 'the first insert makes the row');
select is(tests.answer(1, tests.group('tags', 'ins', 'kind seen_at title', (:'m'::jsonb) || jsonb_build_object('_m', gen_random_uuid(), 'title', 'two', '_t', thermocline.now_us()::text))) ->> 0,
  'merged', 'the other is settled as an update');
select is((select string_agg(title, ' ') from tags), 'two', 'and there is one row');

-- the natural key is taken under another id
select tests.answer(1, tests.group('tags', 'ins', 'kind seen_at title', (:'m'::jsonb) || jsonb_build_object('_m', gen_random_uuid(), 'id', tests.id(5), 'title', 'three'))) as a \gset
select is((:'a'::jsonb) #>> '{2,error,code}' || ' ' || ((:'a'::jsonb) #>> '{2,error,constraint}'), '23505 tags_natural', 'an insert whose natural key is taken under another id is refused');
select is((:'a'::jsonb) #>> '{2,row,id}', :'derived', 'and answered with the row that has it');
select is((:'a'::jsonb) ->> 1, (select _rev::text from tags), 'and its revision');
select ok(not tests.answer(2, tests.group('tags', 'ins', 'user_id kind seen_at', (:'m'::jsonb) || jsonb_build_object('_m', gen_random_uuid(), '_u', tests.uid(2), 'id', tests.id(6), 'user_id', tests.uid(1))))::text like '%"row"%', 'a stranger''s is not shown');

-- it stays as it is
select matches(pg_temp.trouble(format('update tags set kind = ''other'' where id = %L', :'derived')), 'natural key .* cannot be changed', 'a natural key from which the id was derived cannot be changed');
set timezone = 'Asia/Tokyo';
select matches(pg_temp.trouble('update tags set seen_at = now()'), 'natural key .* cannot be changed', 'in any time zone');
reset timezone;
select is(tests.answer(1, tests.group('tags', 'upd', 'kind', tests.m(1, jsonb_build_object('id', :'derived', 'kind', 'other', '_b', (select _rev::text from tags))))) #>> '{2,error,code}', '23514', 'by push neither');
select is(pg_temp.trouble('update tags set title = ''x'', kind = kind'), null, 'other columns can');
insert into tags (id, user_id, kind, seen_at) values (tests.id(7), tests.uid(1), 'made elsewhere', now());
select is(pg_temp.trouble(format('update tags set kind = ''renamed'' where id = %L', tests.id(7))), null, 'and so can the natural key of a row whose id is random');
select is((select kind from tags where id = tests.id(7)), 'renamed', 'which has it then');
select thermocline.enable('tags') \gset ignored_
select is(pg_temp.trouble(format('update tags set kind = ''free'' where id = %L', :'derived')), null, 'enabled without a natural key, the table has none');
select * from finish();
