-- Helpers of the pgTAP files: users by number, and push and pull as a signed-in device would call them.
-- Each call is one request: it takes the role authenticated and the user's claims for itself alone.
create schema tests;
grant usage on schema tests to public;

create function tests.uid(n int) returns uuid language sql immutable
  as $$ select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
create function tests.id(n int) returns uuid language sql immutable
  as $$ select ('10000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid $$;

create function tests.become(n int) returns void language plpgsql as $$
begin
  perform set_config('request.jwt.claims', jsonb_build_object('sub', tests.uid(n), 'role', 'authenticated')::text, true);
  perform set_config('role', 'authenticated', true);
end $$;

-- A mutation: what the row holds, with an id, the user and a stamp of now where none is given.
create function tests.m(n int, held jsonb) returns jsonb language sql volatile
  as $$ select jsonb_build_object('_m', gen_random_uuid(), '_u', tests.uid(n), '_t', thermocline.now_us()::text) || held $$;

create function tests.group(t text, op text, cols text, variadic mutations jsonb[]) returns jsonb language sql immutable
  as $$ select jsonb_build_object('t', t, 'op', op, 'cols', to_jsonb(string_to_array(cols, ' ')), 'rows', to_jsonb(mutations)) $$;

create function tests.push(n int, variadic groups jsonb[]) returns jsonb language plpgsql volatile as $$
declare
  answer jsonb;
begin
  perform tests.become(n);
  answer := public.thermocline_push(1, 'pgtap', to_jsonb(groups));
  perform set_config('role', 'none', true);
  return answer;
end $$;

-- The answers of the first group; and the first of them: [outcome, rev, detail].
create function tests.answers(n int, variadic groups jsonb[]) returns jsonb language sql volatile
  as $$ select tests.push(n, variadic groups) #> '{groups,0}' $$;
create function tests.answer(n int, variadic groups jsonb[]) returns jsonb language sql volatile
  as $$ select tests.push(n, variadic groups) #> '{groups,0,0}' $$;
create function tests.outcomes(answer jsonb) returns text language sql immutable
  as $$ select string_agg(a ->> 0, ' ' order by i, j) from jsonb_array_elements(answer -> 'groups') with ordinality g(e, i), jsonb_array_elements(e) with ordinality x(a, j) $$;

create function tests.pull(n int, tables jsonb, round text default null, own jsonb default '[]', max_rows int default 1000) returns jsonb
  language plpgsql volatile as $$
declare
  answer jsonb;
begin
  perform tests.become(n);
  answer := public.thermocline_pull(1, 'pgtap', tables, round, max_rows, own);
  perform set_config('role', 'none', true);
  return answer;
end $$;

-- One table from a cursor (null: from nothing), as keys in the order they came: "row:…", "gone:…", "cold:…".
create function tests.changes(n int, t text, cursor text, own jsonb default '[]') returns text language sql volatile as $$
  select coalesce(string_agg(kind || ':' || coalesce(c -> 1 ->> 'title', right(c -> 1 ->> 'id', 2)), ' ' order by (c ->> 0)::bigint), '')
    from tests.pull(n, jsonb_build_object(t, jsonb_build_object('cursor', cursor)), own => own) p, jsonb_array_elements(p -> 'pages') g,
      lateral (select 'row', c from jsonb_array_elements(g -> 'rows') c union all select 'gone', c from jsonb_array_elements(g -> 'gone') c
        union all select 'cold', c from jsonb_array_elements(g -> 'cold') c) q(kind, c)
$$;
create function tests.cursor(n int, t text) returns text language sql volatile
  as $$ select tests.pull(n, jsonb_build_object(t, '{}'::jsonb)) ->> 'cursor' $$;

-- A request's error as "SQLSTATE message", for statements run as a user.
create function tests.trouble(n int, statement text) returns text language plpgsql volatile as $$
declare
  trouble text;
begin
  perform tests.become(n);
  begin
    execute statement;
  exception when others then
    trouble := sqlstate || ' ' || sqlerrm;
  end;
  perform set_config('role', 'none', true);
  return trouble;
end $$;

-- A table of its own for a test: id, user_id, title and what else is asked for; under row-level security, enabled unless told.
create function tests.make_table(name text, more text default '', policy text default 'merge', enabled boolean default true) returns void
  language plpgsql as $$
begin
  execute format('create table public.%I (id uuid primary key, user_id uuid not null default auth.uid(), title text %s)', name,
    case when more = '' then '' else ', ' || more end);
  execute format('alter table public.%I enable row level security', name);
  execute format('create policy own on public.%I to authenticated using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id)', name);
  execute format('grant select, insert, update, delete on public.%I to authenticated', name);
  if enabled then perform thermocline.enable(format('public.%I', name)::regclass, 'user_id', policy); end if;
end $$;
