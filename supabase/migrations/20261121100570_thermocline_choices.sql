-- Choices: a user decides by which policy their changes of a table are settled, among those that enable() was given.
--
--   select thermocline.enable('public.entries', 'user_id', 'merge', choices => array['merge', 'ask']);
--
-- The choice is a synced row like any other, so all devices of the user have it and it can be made offline; of two the later
-- wins. Push asks for it once a group. Invariant: a choice that the table does not (or no longer) allow has no effect.

create table public.thermocline_choices (
  user_id uuid not null default auth.uid(),
  table_name text not null,
  policy text not null,
  constraint thermocline_choices_pkey primary key (user_id, table_name),
  constraint thermocline_choices_policy_is_known
    check (policy in ('remote-wins', 'local-wins', 'latest-wins', 'merge', 'ask', 'version'))
);
comment on table public.thermocline_choices is 'By which policy a user''s own changes of a table are settled, where the table leaves a choice.';
comment on column public.thermocline_choices.policy is 'One of those that thermocline.enable(…, choices) allows.';

alter table public.thermocline_choices enable row level security;
create policy thermocline_choices_are_read_by_owner on public.thermocline_choices for select to authenticated
  using ((select auth.uid()) = user_id);
create policy thermocline_choices_are_made_by_owner on public.thermocline_choices for insert to authenticated
  with check ((select auth.uid()) = user_id);
create policy thermocline_choices_are_changed_by_owner on public.thermocline_choices for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy thermocline_choices_are_deleted_by_owner on public.thermocline_choices for delete to authenticated
  using ((select auth.uid()) = user_id);
revoke all on public.thermocline_choices from public, anon, authenticated;
grant select, insert, update, delete on public.thermocline_choices to authenticated, service_role;

-- Security definer so that whoever writes a choice needs no right on our tables; it tells no more than whether the table
-- allows it.
create function thermocline.check_choice() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  if not exists (select from thermocline.tables t where t.name = new.table_name and new.policy = any (t.choices)) then
    raise exception using errcode = '23514', constraint = 'thermocline_choices_policy_is_allowed',
      message = format('table "%s" does not let its users choose "%s"', new.table_name, new.policy);
  end if;
  return new;
end $$;
comment on function thermocline.check_choice() is 'Refuses a choice that the table does not allow.';
create trigger thermocline_choices_are_allowed before insert or update on public.thermocline_choices
  for each row execute function thermocline.check_choice();

create function thermocline.chosen_policy(t thermocline.tables) returns text
  language sql stable set search_path = ''
as $$
  select coalesce((select c.policy from public.thermocline_choices c
    where c.user_id = auth.uid() and c.table_name = t.name and c.policy = any (t.choices)), t.policy)
$$;
comment on function thermocline.chosen_policy(thermocline.tables) is 'The policy by which the caller''s changes of a table are settled.';

select thermocline.enable('public.thermocline_choices', 'user_id', 'latest-wins');
