// Edge Function apply_deltas: a push whose body is gzip. Deploy it with: supabase functions deploy apply_deltas
import { handle } from './handler.ts';

Deno.serve((request) => handle(request, Deno.env.get('SUPABASE_URL') ?? ''));
