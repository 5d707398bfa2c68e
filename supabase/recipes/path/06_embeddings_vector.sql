-- Recipe path, vectors of the log: the table, and what keeps it beside the log. Needs the extension vector; skipped without it.
--
-- A vector's key is its source row and part, so that one that is made again replaces itself. Vectors go up and never come down:
-- devices have no use for them. Invariant: a vector's owner is its log row's, and a log row that goes takes its vectors along.

do $install$
declare
  place text;
begin
  if not exists (select from pg_catalog.pg_available_extensions where name = 'vector') then
    raise notice 'extension vector is not available: the path recipe goes without embeddings, and search goes by words';
    return;
  end if;
  create schema if not exists extensions; -- where Supabase keeps it
  grant usage on schema extensions to authenticated, service_role;
  create extension if not exists vector with schema extensions;
  select n.nspname into place from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
    where e.extname = 'vector';

  execute format($table$
    create table public.vector_embeddings (
      id uuid not null default gen_random_uuid(),
      user_id uuid not null default auth.uid(),
      content text not null,
      embedding %1$I.vector(384) not null,
      metadata jsonb not null default '{}',
      source_table text not null,
      source_id uuid not null,
      part integer not null default 0,
      model text not null,
      created_at timestamptz not null default now(),
      constraint vector_embeddings_pkey primary key (id),
      constraint vector_embeddings_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
      constraint vector_embeddings_user_id_source_table_source_id_part_key unique (user_id, source_table, source_id, part),
      constraint vector_embeddings_content_is_bounded check (length(content) <= 100000),
      constraint vector_embeddings_metadata_is_object check (jsonb_typeof(metadata) = 'object'),
      constraint vector_embeddings_metadata_is_bounded check (octet_length(metadata::text) <= 262144),
      constraint vector_embeddings_source_table_is_key check (length(source_table) between 1 and 64),
      constraint vector_embeddings_part_is_count check (part >= 0),
      constraint vector_embeddings_model_is_short check (length(model) <= 500)
    );
    create index vector_embeddings_by_meaning on public.vector_embeddings using hnsw (embedding %1$I.vector_cosine_ops);
    create index vector_embeddings_by_metadata on public.vector_embeddings using gin (metadata jsonb_path_ops)
  $table$, place);
  comment on table public.vector_embeddings is 'What log rows mean, as vectors of a model with 384 dimensions (bge-small-en-v1.5, or the built-in one).';
  comment on column public.vector_embeddings.content is 'The text that was embedded.';
  comment on column public.vector_embeddings.part is 'Which part of a text that was cut into several; from 0.';

  alter table public.vector_embeddings enable row level security;
  create policy vector_embeddings_are_read_by_owner on public.vector_embeddings for select to authenticated
    using ((select auth.uid()) = user_id);
  create policy vector_embeddings_are_made_by_owner on public.vector_embeddings for insert to authenticated
    with check ((select auth.uid()) = user_id);
  create policy vector_embeddings_are_deleted_by_owner on public.vector_embeddings for delete to authenticated
    using ((select auth.uid()) = user_id);
  revoke all on public.vector_embeddings from public, anon, authenticated;
  grant select, insert, delete on public.vector_embeddings to authenticated, service_role;

  perform thermocline.enable('public.vector_embeddings', 'user_id', 'remote-wins', time_col => 'created_at', direction => 'push-only',
    natural_key => '{user_id,source_table,source_id,part}');
  perform thermocline.declare_recipe('path', 'vector_embeddings', 'sovereign_logs', 'routine_completions', 'user_progress', 'achievements',
    'sovereign_path_data', 'oejts_answers', 'katas', 'daily_attunements', 'health_metrics_history', 'cosmic_data_cache', 'astrology_data_cache');

  create function public.drop_log_vectors() returns trigger
    language plpgsql set search_path = ''
  as $$
  begin
    delete from public.vector_embeddings v where v.user_id = old.user_id and v.source_table = 'sovereign_logs' and v.source_id = old.id;
    return null;
  end $$;
  comment on function public.drop_log_vectors() is 'Takes the vectors of a log row that is deleted.';
  revoke execute on function public.drop_log_vectors() from public, anon, authenticated;
  create trigger sovereign_logs_drop_vectors after delete on public.sovereign_logs
    for each row execute function public.drop_log_vectors();
end $install$;
