-- Limits of server functions: how often a user, or the whole project, may call one. Can be run again.
--
-- Edge Functions keep no state, and a counter under the user's own policies could be reset by the user; so calls are counted here,
-- where no client has a right. Two kinds: `count` allows so many in each window, `lease` one at a time, which is given back or runs
-- out after the window. The limits of RECIPES 9 are rows of thermocline.call_limits: the project's owner may change them.

create table if not exists thermocline.call_limits (
  function text not null,
  scope text not null,
  kind text not null default 'count',
  n int not null default 1,
  per interval not null,
  constraint call_limits_pkey primary key (function),
  constraint call_limits_scope_is_known check (scope in ('user', 'project')),
  constraint call_limits_kind_is_known check (kind = 'count' or kind = 'lease' and n = 1 and scope = 'user'),
  constraint call_limits_are_positive check (n > 0 and per > interval '0')
);
comment on table thermocline.call_limits is 'How often functions may be called; a function that is not listed cannot be taken.';
comment on column thermocline.call_limits.scope is 'Whose calls count together: a user''s, or the whole project''s.';

create table if not exists thermocline.calls (
  user_id uuid,
  function text not null,
  window_start timestamptz not null,
  n int not null,
  constraint calls_key unique nulls not distinct (user_id, function, window_start),
  constraint calls_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint calls_function_fkey foreign key (function) references thermocline.call_limits (function) on delete cascade
);
comment on table thermocline.calls is 'Calls that were taken, by window; user null: the whole project''s.';
alter table thermocline.call_limits enable row level security;
alter table thermocline.calls enable row level security;
revoke all on thermocline.call_limits, thermocline.calls from public, anon, authenticated, service_role;

insert into thermocline.call_limits (function, scope, kind, n, per) values
  ('generate_insights', 'user', 'count', 10, '1 day'),
  ('export_history', 'user', 'lease', 1, '5 minutes'),
  ('fetch_sky', 'user', 'count', 60, '1 day'),
  ('embed_entry', 'project', 'count', 500, '1 minute'),
  ('embed_query', 'user', 'count', 60, '1 minute'),
  ('parse_capture', 'user', 'count', 100, '1 day'),
  ('describe', 'user', 'count', 100, '1 day')
  on conflict (function) do nothing;

-- Security definer: nobody may write calls but this function. It acts on auth.uid() alone and takes no user id.
create or replace function public.thermocline_take(function text) returns boolean
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  l thermocline.call_limits;
  taker uuid := auth.uid();
  start timestamptz;
begin
  if taker is null then raise exception using errcode = '42501', message = 'sign in to call a function'; end if;
  select * into l from thermocline.call_limits c where c.function = thermocline_take.function;
  if l.function is null then raise exception using errcode = '22023', message = format('function "%s" has no limit to take from', function); end if;
  if l.kind = 'lease' then
    -- Two calls at once must not both find it free.
    perform pg_advisory_xact_lock(hashtextextended(taker::text || l.function, 7355609));
    delete from thermocline.calls c where c.user_id = taker and c.function = l.function and c.window_start <= now() - l.per;
    if exists (select from thermocline.calls c where c.user_id = taker and c.function = l.function) then return false; end if;
    insert into thermocline.calls values (taker, l.function, now(), 1);
    return true;
  end if;
  if l.scope = 'project' then taker := null; end if;
  start := to_timestamp(floor(extract(epoch from now()) / extract(epoch from l.per)) * extract(epoch from l.per));
  insert into thermocline.calls as c values (taker, l.function, start, 1)
    on conflict on constraint calls_key do update set n = c.n + 1 where c.n < l.n;
  if not found then return false; end if;
  delete from thermocline.calls c where c.user_id is not distinct from taker and c.function = l.function and c.window_start < start;
  return true;
end $$;
comment on function public.thermocline_take(text) is
  'Counts one call of a function by the caller; false: the limit is reached. A lease is taken until it is released or runs out.';

-- Security definer as above: it gives back the caller's own lease, and nothing that is counted.
create or replace function public.thermocline_release(function text) returns void
  language sql volatile security definer set search_path = ''
as $$
  delete from thermocline.calls c using thermocline.call_limits l
    where l.function = c.function and l.kind = 'lease' and c.function = $1 and c.user_id = auth.uid()
$$;
comment on function public.thermocline_release(text) is 'Gives the caller''s lease of a function back.';
revoke execute on function public.thermocline_take(text), public.thermocline_release(text) from public, anon, authenticated, service_role;
grant execute on function public.thermocline_take(text), public.thermocline_release(text) to authenticated;
