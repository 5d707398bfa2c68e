-- DESIGN 11 and the shape of requests: what is refused as a whole, before anything is tried.
select plan(18);

create function pg_temp.push(batch text) returns text language sql volatile
  as $$ select tests.trouble(1, format('select public.thermocline_push(1, ''c'', %L)', batch)) $$;
create function pg_temp.rows(n int, size int default 1) returns jsonb language sql volatile
  as $$ select jsonb_build_array(jsonb_build_object('t', 'entries', 'op', 'ins', 'cols', '["title","body"]'::jsonb, 'rows',
    jsonb_agg(tests.m(1, jsonb_build_object('id', tests.id(i), 'title', 't', 'body', repeat('x', size)))))) from generate_series(1, n) i $$;

select matches(pg_temp.push(pg_temp.rows(501)::text), '^PT413', 'more than 500 mutations are too many');
select is(pg_temp.push(pg_temp.rows(500)::text), null, '500 are not');
select matches(pg_temp.push(pg_temp.rows(20, 80000)::text), '^PT413', 'more than 1 MiB is too much');
select is(pg_temp.push(pg_temp.rows(10, 99000)::text), null, 'just under is not');
select matches(pg_temp.push(b), '^PT400 invalid_request', format('batch %s is refused', left(b, 40))) from unnest(array['{}', 'null', '[1]', '[{"t":"entries"}]', '[{"t":"entries","op":"put","rows":[]}]',
  '[{"t":"entries","op":"ins","rows":[{"id":1}]}]', '[{"t":"entries","op":"ins","rows":[{"_m":"x"}]}]', '[{"t":"entries","op":"ins","rows":[{"_m":"00000000-0000-4000-8000-000000000001","_b":"x"}]}]']) b;
select tests.m(1, jsonb_build_object('id', tests.id(900), 'title', 'a')) as m \gset
select matches(pg_temp.push(jsonb_build_array(tests.group('entries', 'ins', 'title', :'m', (:'m'::jsonb) || '{"_m":"00000000-0000-4000-8000-000000000001"}'))::text), '^PT400 .*row .* twice', 'one row occurs once in a batch');
select matches(pg_temp.push(jsonb_build_array(tests.group('entries', 'ins', 'title', :'m'), tests.group('entries', 'upd', 'title', (:'m'::jsonb) || jsonb_build_object('id', tests.id(901))))::text), '^PT400 .*mutation .* twice', 'and one mutation too');
select is(tests.push(1, variadic '{}'), '{"status":"ok","xid":null,"groups":[]}'::jsonb, 'an empty batch is answered');
select is((select public.thermocline_push(9, null, '[]')), '{"status":"version","v":[1]}'::jsonb, 'an unknown version is answered with those we speak');
select throws_ok($$select public.thermocline_push(1, 'c', '[]')$$, 'PT401', null, 'nobody is signed in: 401');
select throws_ok($$select public.thermocline_pull(1, 'c', '{}')$$, 'PT401', null, 'for a pull too');
select * from finish();
