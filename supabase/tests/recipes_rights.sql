-- RECIPES 1.4, invariant 11, PITFALLS 12: with all recipes installed, who may do what, read from the catalogue.
select plan(14);
create temp view ours as select p.* from pg_proc p where p.pronamespace in ('public'::regnamespace, 'thermocline'::regnamespace)
  and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e');
create temp view theirs as select c.oid, c.relname as name, c.relrowsecurity as guarded, t.direction, t.owner_col from thermocline.recipe_tables r
  join pg_class c on c.oid = format('public.%I', r.name)::regclass left join thermocline.tables t on t.name = r.name;

select is((select string_agg(proname, ' ') from ours where has_function_privilege('anon', oid, 'execute')
  and pronamespace = 'public'::regnamespace), 'thermocline_schema', 'anon may call the definitions only');
select is((select string_agg(name || ':' || t, ' ') from theirs, unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) t where has_table_privilege('anon', oid, t)), null, 'anon has no right on any table');
select is((select string_agg(name || ':' || t, ' ') from theirs, unnest(array['truncate', 'references', 'trigger']) t where has_table_privilege('authenticated', oid, t)), null, 'no user truncates, refers to or watches a table');
select is((select string_agg(c.relname || ':' || grantee::regrole, ' ') from pg_class c, aclexplode(c.relacl) a where c.relnamespace in ('public'::regnamespace, 'thermocline'::regnamespace) and a.grantee not in (0, 'authenticated'::regrole, 'service_role'::regrole, c.relowner)
  and c.relname <> 'tables' and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')), null, 'no table has grants to other roles');
select is((select string_agg(c.relname, ' ') from pg_class c, aclexplode(c.relacl) a where c.relnamespace in ('public'::regnamespace, 'thermocline'::regnamespace) and a.grantee = 0
  and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')), null, 'nor to everyone');
select is((select string_agg(name, ' ') from theirs where not guarded), null, 'every table has row-level security');
select is((select string_agg(name || ':' || t, ' ') from theirs, unnest(array['select', 'insert', 'update', 'delete']) t where direction = 'local-only' and has_table_privilege('authenticated', oid, t)), null, 'tables of a device alone hold nothing here, and nobody may write them');
select is((select string_agg(name || ':' || t, ' ') from theirs, unnest(array['SELECT', 'DELETE']) t where direction is distinct from 'local-only'
  and not (has_table_privilege('authenticated', oid, t) and exists (select from pg_policies p where p.tablename = name and p.cmd = t))), null, 'every other table can be read and emptied by its user');
select is((select string_agg(name || ':' || t, ' ') from theirs, unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) t
  where has_table_privilege('authenticated', oid, t) <> exists (select from pg_policies p where p.tablename = name and p.cmd = t)), null, 'each grant has its policy, each policy its grant');
select is((select string_agg(tablename || '.' || policyname, ' ') from pg_policies p join theirs on name = tablename where p.roles <> '{authenticated}' or p.cmd = 'ALL' or p.permissive <> 'PERMISSIVE'
  or coalesce(qual, '( SELECT auth.uid() AS uid) = user_id') !~ '^\(*\s*SELECT auth\.uid\(\) AS uid\) = user_id\)*$' or coalesce(with_check, '( SELECT auth.uid() AS uid) = user_id') !~ '^\(*\s*SELECT auth\.uid\(\) AS uid\) = user_id\)*$'), null, 'each policy is for one operation, and compares the owner with auth.uid()');
select is((select string_agg(name, ' ') from theirs where not exists (select from pg_constraint f where f.conrelid = theirs.oid and f.contype = 'f' and f.confrelid = 'auth.users'::regclass and f.confdeltype = 'c')), null, 'each table goes with its user');
select is((select string_agg(proname, ' ' order by proname) from ours where prosecdef and proname not in ('bury', 'check_choice', 'epoch', 'forget', 'keep_natural_key', 'ring', 'stamp', 'stamp_columns')),
  (select string_agg(n, ' ' order by n) from unnest(array['delete_my_account', 'thermocline_release', 'thermocline_take'] || case when to_regclass('public.context_snapshots') is not null then '{note_insight_days}'::text[] else '{}' end) n), 'the security definers are those that say why');
select is((select string_agg(proname, ' ') from ours where prorettype <> 'trigger'::regtype and not coalesce(proconfig::text like '%search_path=%', false) and proname not in ('now_us', 'shown', 'stamp_of', 'exact_mean', 'local_day', 'in_days')), null, 'every function sets its search_path, but those that are inlined');
select is((select string_agg(c.relname, ' ') from pg_class c where (c.oid in (select oid from theirs) or c.relnamespace = 'thermocline'::regnamespace and c.relkind in ('r', 'S')) and obj_description(c.oid) is null)
  || (select string_agg(proname, ' ') from ours where obj_description(oid) is null and pronamespace = 'thermocline'::regnamespace), null, 'every object has its comment');
select * from finish();
