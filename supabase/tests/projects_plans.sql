-- RECIPES 7.1, 2, 1.2, 1.4: a person's plans as they are declared, owned, merged and removed (O11, O12).
select plan(43);

-- A device's answer to an insert, an edit or a delete: outcome, or the error's code.
create function pg_temp.told(n int, t text, op text, held jsonb) returns text language sql volatile as $$
  select coalesce(a #>> '{2,error,code}', a ->> 0) from tests.answer(n, tests.group(t, op,
    coalesce((select string_agg(k, ' ') from jsonb_object_keys(held) k where k !~ '^(_|id$)'), ''), tests.m(n, held))) a $$;
create function pg_temp.rev(t text, row_id uuid) returns text language plpgsql stable as $$
declare
  found text;
begin
  execute format('select _rev::text from public.%I where id = $1', t) into found using row_id;
  return found;
end $$;
create function pg_temp.seen(n int, t text) returns text language plpgsql volatile as $$
declare
  found text;
begin
  perform tests.become(n);
  execute format('select count(*)::text from public.%I', t) into found;
  perform set_config('role', 'none', true);
  return found;
end $$;

-- declared
select is((select string_agg(format('%s:%s:%s:%s:%s', name, policy, direction, coalesce(time_col, '-'), coalesce(natural_key::text, '-')), ' ' order by name) from thermocline.tables
    where name in (select name from thermocline.recipe_tables where recipe = 'projects')),
  'project_activities:remote-wins:both:occurred_at:- project_summaries:remote-wins:local-only:-:- projects:ask:both:-:{user_id,legacy_id} todos:ask:both:-:{user_id,legacy_id} weekly_goals:merge:both:week_start_date:{user_id,week_start_date}',
  'the tables have the policies, directions, times and natural keys of RECIPES 2');
select is((select string_agg(name, ' ' order by position) from thermocline.recipe_tables where recipe = 'projects'), 'project_summaries project_activities todos weekly_goals projects', 'the recipe lists its tables, children first');
select hasnt_column('projects', 'health_score', 'what is computed on a device is no column of a synced row (O12)');
select is((select string_agg(format('%s:%s', tablename, cmd), ' ' order by tablename, cmd) from pg_policies where tablename in ('projects', 'weekly_goals', 'todos', 'project_activities', 'project_summaries')),
  'project_activities:DELETE project_activities:INSERT project_activities:SELECT projects:DELETE projects:INSERT projects:SELECT projects:UPDATE todos:DELETE todos:INSERT todos:SELECT todos:UPDATE weekly_goals:DELETE weekly_goals:INSERT weekly_goals:SELECT weekly_goals:UPDATE',
  'plans are their owner''s, activities are never changed');
select is((select string_agg(format('%s:%s', c.relname, t), ' ' order by c.relname, t) from pg_class c, unnest(array['select', 'insert', 'update', 'delete', 'truncate']) t
    where c.relname in ('projects', 'weekly_goals', 'todos', 'project_activities', 'project_summaries') and c.relkind = 'r' and has_table_privilege('authenticated', c.oid, t)),
  'project_activities:delete project_activities:insert project_activities:select projects:delete projects:insert projects:select projects:update todos:delete todos:insert todos:select todos:update weekly_goals:delete weekly_goals:insert weekly_goals:select weekly_goals:update',
  'and the grants say the same');
select has_index('projects', 'projects_by_change', array['user_id', 'status', 'updated_at'], 'projects are found by status, last change first');
select has_index('todos', 'todos_by_project', array['user_id', 'project_id'], 'todos by project');
select has_index('todos', 'todos_by_week', array['user_id', 'week_start_date'], 'and by week');
select is((select string_agg(format('%s:%s', conname, pg_get_constraintdef(oid)), E'\n' order by conname) from pg_constraint where conrelid in ('todos'::regclass, 'project_activities'::regclass) and contype = 'f' and confrelid <> 'auth.users'::regclass),
  E'project_activities_project_id_fkey:FOREIGN KEY (project_id, user_id) REFERENCES projects(id, user_id) ON DELETE CASCADE\nproject_activities_todo_id_fkey:FOREIGN KEY (todo_id, user_id) REFERENCES todos(id, user_id) ON DELETE SET NULL (todo_id)\ntodos_project_id_fkey:FOREIGN KEY (project_id, user_id) REFERENCES projects(id, user_id) ON DELETE SET NULL (project_id)',
  'a parent is its owner''s, by compound foreign keys');

-- owned
select is(pg_temp.told(1, 'projects', 'ins', jsonb_build_object('id', tests.id(1), 'title', 'Garden', 'created_at', '2026-01-01T00:00:00Z', 'updated_at', '2020-01-01T00:00:00Z')), 'applied', 'a project is made');
select is((select format('%s %s %s %s', status, priority, progress, created_at at time zone 'UTC') from projects), 'active medium 0 2026-01-01 00:00:00', 'with the defaults, and the time that an import gives it');
select ok((select updated_at > now() - interval '1 minute' from projects), 'its last change is the server''s to say');
select is(pg_temp.told(1, 'todos', 'ins', jsonb_build_object('id', tests.id(2), 'title', 'Dig', 'project_id', tests.id(1))), 'applied', 'a todo of it');
select is((select format('%s %s %s %s', status, priority, estimated_hours, actual_hours) from todos), 'dumped medium 1.00 0.00', 'with its defaults');
select is(pg_temp.told(1, 'weekly_goals', 'ins', jsonb_build_object('id', tests.id(3), 'week_start_date', '2026-03-09')), 'applied', 'a week');
select is(pg_temp.told(1, 'project_activities', 'ins', jsonb_build_object('id', tests.id(4), 'project_id', tests.id(1), 'todo_id', tests.id(2), 'kind', 'todo_added', 'occurred_at', '2026-03-10T09:00:00Z')), 'applied', 'and what happened');
select is((select string_agg(t || ':' || pg_temp.seen(2, t), ' ') from unnest(array['projects', 'todos', 'weekly_goals', 'project_activities']) t), 'projects:0 todos:0 weekly_goals:0 project_activities:0', 'another user sees none of it');
select is(pg_temp.told(2, 'todos', 'ins', jsonb_build_object('id', tests.id(5), 'title', 'x', 'project_id', tests.id(1))), '23503', 'a stranger''s project is like a missing one');
select is(pg_temp.told(2, 'project_activities', 'ins', jsonb_build_object('id', tests.id(5), 'project_id', tests.id(1), 'kind', 'todo_added', 'occurred_at', now())), '23503', 'for activities too');
select is(pg_temp.told(2, 'projects', 'upd', jsonb_build_object('id', tests.id(1), 'title', 'stolen', '_b', pg_temp.rev('projects', tests.id(1)))), 'hidden', 'nor can it be changed');
select is(pg_temp.told(2, 'projects', 'ins', jsonb_build_object('id', tests.id(6), 'title', 'x', 'user_id', tests.uid(1))), '42501', 'or made for somebody else');
select is(pg_temp.told(1, 'project_summaries', 'ins', jsonb_build_object('project_id', tests.id(1))), '42501', 'summaries stay on the device');
select matches(tests.trouble(1, 'select * from public.project_summaries'), '^42501', 'there is nothing to read of them');
select matches(tests.trouble(1, format('update public.project_activities set value = 1 where id = %L', tests.id(4))), '^42501', 'what happened is not changed');
select matches(tests.trouble(3, 'select * from public.projects; set role anon; select * from public.projects'), '^42501', 'who is not signed in reads nothing');

-- server-set columns
update projects set updated_at = '2026-03-01T00:00:00Z', title = 'Garden 2';
select updated_at as was, _rev as rev from projects \gset
update projects set title = 'Garden 2', updated_at = '2030-01-01';
select is((select _rev || ' ' || updated_at from projects), :'rev' || ' ' || :'was', 'an update that changes nothing keeps the time and the revision');

-- merged
select is(pg_temp.told(1, 'projects', 'upd', jsonb_build_object('id', tests.id(1), 'title', 'mine', '_b', '5', '_w', '{"title":"Garden"}'::jsonb)), 'conflict', 'plans are asked about');
select is(pg_temp.told(1, 'projects', 'upd', jsonb_build_object('id', tests.id(1), 'why', 'mine', '_b', '5', '_w', '{"why":""}'::jsonb)), 'merged', 'but where other columns changed there is nothing to ask');
select thermocline.natural_id('weekly_goals', array[tests.uid(1)::text, '2026-03-16']) as week \gset
select is(pg_temp.told(1, 'weekly_goals', 'ins', jsonb_build_object('id', :'week', 'week_start_date', '2026-03-16', 'completion_rate', 10)), 'applied', 'a week made offline');
select is(pg_temp.told(1, 'weekly_goals', 'ins', jsonb_build_object('id', :'week', 'week_start_date', '2026-03-16', 'completion_rate', 20)), 'merged', 'and on another device, is one row');
select is((select string_agg(completion_rate::text, ' ') from weekly_goals where week_start_date = '2026-03-16'), '20', 'with the later figures');
select is(pg_temp.told(1, 'weekly_goals', 'upd', jsonb_build_object('id', :'week', 'week_start_date', '2026-03-23', '_b', pg_temp.rev('weekly_goals', :'week'))), '23514', 'a week does not move: its id says which it is');
select is(thermocline.natural_id('projects', array['00000000-0000-4000-8000-000000000001', 'p1'])::text, '179aa739-1070-5349-b2d4-9418753b0c04', 'an imported project has the id of RECIPES X-1');
select is(pg_temp.told(1, 'todos', 'ins', jsonb_build_object('id', tests.id(n), 'title', 'no foreign id')), 'applied', 'rows without a foreign id never collide') from generate_series(11, 12) n;
select is(pg_temp.told(1, 'todos', 'ins', jsonb_build_object('id', tests.id(13), 'title', 'a', 'legacy_id', 't1')) || ' ' || pg_temp.told(1, 'todos', 'ins', jsonb_build_object('id', tests.id(14), 'title', 'b', 'legacy_id', 't1')) || ' '
  || pg_temp.told(2, 'todos', 'ins', jsonb_build_object('id', tests.id(15), 'title', 'c', 'legacy_id', 't1')), 'applied 23505 applied', 'of one foreign id a user has one row, another user their own');

-- removed
select is(pg_temp.told(1, 'project_activities', 'ins', jsonb_build_object('id', tests.id(20), 'project_id', tests.id(1), 'kind', 'status_changed', 'occurred_at', now())), 'applied', 'another activity');
select is(pg_temp.told(1, 'project_activities', 'ins', jsonb_build_object('id', tests.id(20), 'project_id', tests.id(1), 'kind', 'todo_done', 'occurred_at', now())), 'superseded', 'made again it stays as it was');
select is((select kind from project_activities where id = tests.id(20)), 'status_changed', 'word for word');
select tests.push(1, tests.group('todos', 'del', '', tests.m(1, jsonb_build_object('id', tests.id(2), '_b', pg_temp.rev('todos', tests.id(2)))))) \gset ignored_
select is((select todo_id from project_activities where id = tests.id(4)), null, 'an activity outlives its todo');
insert into todos (id, user_id, title, project_id) values (tests.id(30), tests.uid(1), 'left behind', tests.id(1));
select tests.push(1, tests.group('projects', 'del', '', tests.m(1, jsonb_build_object('id', tests.id(1), '_b', pg_temp.rev('projects', tests.id(1)))))) \gset ignored_
select is((select count(*) || ' ' || (select coalesce(project_id::text, 'none') || ' ' || (user_id = tests.uid(1)) from todos where id = tests.id(30)) from project_activities), '0 none true', 'a project takes its activities along; its todos remain and ask for a project');
select tests.become(1), public.delete_my_rows('projects') as counts, set_config('role', 'none', true) \gset gone_
select is((select count(*) from todos where user_id = tests.uid(1)) + (select count(*) from projects where user_id = tests.uid(1)) + (select count(*) from weekly_goals where user_id = tests.uid(1)), 0::bigint, 'a user can delete everything of theirs');
delete from auth.users where id = tests.uid(2);
select is((select count(*) from todos), 0::bigint, 'and rows go with their user');
select * from finish();
