-- Which tables belong to which recipe: each recipe declares its own, children before their parents.
--
--   select thermocline.declare_recipe('projects', 'todos', 'project_activities', 'projects');
--
-- delete_my_rows('projects') then empties them of the caller's rows, and of no one else's, in that order. Can be run again.

create table if not exists thermocline.recipe_tables (
  recipe text not null,
  position int not null,
  name text not null,
  constraint recipe_tables_pkey primary key (recipe, position),
  constraint recipe_tables_name_key unique (name)
);
comment on table thermocline.recipe_tables is 'The tables of the installed recipes, in the order in which a user''s rows are deleted.';
alter table thermocline.recipe_tables enable row level security;
drop policy if exists recipe_tables_are_read on thermocline.recipe_tables;
create policy recipe_tables_are_read on thermocline.recipe_tables for select to authenticated using (true);
revoke all on thermocline.recipe_tables from public, anon, authenticated;
grant select on thermocline.recipe_tables to authenticated, service_role;

create or replace function thermocline.declare_recipe(recipe text, variadic names text[]) returns void
  language plpgsql volatile set search_path = ''
as $$
declare
  missing text;
begin
  select n into missing from unnest(names) n where to_regclass(format('public.%I', n)) is null limit 1;
  if missing is not null then
    raise exception using errcode = '42P01', message = format('recipe "%s" declares public.%I, which does not exist', recipe, missing);
  end if;
  delete from thermocline.recipe_tables r where r.recipe = declare_recipe.recipe;
  insert into thermocline.recipe_tables select declare_recipe.recipe, n, name from unnest(names) with ordinality u(name, n);
end $$;
comment on function thermocline.declare_recipe(text, text[]) is 'Says which tables of schema public a recipe has, children before their parents.';
revoke execute on function thermocline.declare_recipe(text, text[]) from public, anon, authenticated;

create or replace function public.delete_my_rows(recipe text) returns jsonb
  language plpgsql volatile set search_path = ''
as $$
declare
  me constant uuid := auth.uid();
  names text[];
  name text;
  n bigint;
  deleted jsonb := '{}';
begin
  if me is null then raise exception using errcode = '42501', message = 'sign in to delete your rows'; end if;
  -- Local-only tables hold nothing here.
  select array_agg(r.name order by r.position) into names from thermocline.recipe_tables r
    where r.recipe = delete_my_rows.recipe
      and not exists (select from thermocline.tables t where t.name = r.name and t.direction = 'local-only');
  if names is null then
    raise exception using errcode = '22023', message = format('no recipe "%s" is installed', recipe);
  end if;
  -- As a push does: the user's devices wait for each other.
  if not thermocline.lock_user(me) then
    raise exception using errcode = '55P03', message = 'a device of yours is pushing at the moment', hint = 'Try again in a second.';
  end if;
  foreach name in array names loop
    execute format('delete from public.%I where user_id = $1', name) using me;
    get diagnostics n = row_count;
    deleted := deleted || jsonb_build_object(name, n);
  end loop;
  perform thermocline.ring(null); -- the user's other devices
  return deleted;
end $$;
comment on function public.delete_my_rows(text) is
  'Deletes the caller''s rows of a recipe and answers how many of each table. Stored objects are deleted by the client before.';
revoke execute on function public.delete_my_rows(text) from public, anon, authenticated;
grant execute on function public.delete_my_rows(text) to authenticated;
