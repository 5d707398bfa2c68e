// Edge Function embed_query: what a search text means. Deploy it with: supabase functions deploy embed_query
// With the secret HUGGINGFACE_API_KEY or OPENAI_API_KEY by that provider, else built in; the same for embed_entry.
import { serve } from '../_shared/handle.ts';
import { query } from './task.ts';

serve(query);
