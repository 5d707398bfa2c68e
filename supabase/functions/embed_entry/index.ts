// Edge Function embed_entry: makes a log row's vector. Deploy it with: supabase functions deploy embed_entry
// With the secret HUGGINGFACE_API_KEY or OPENAI_API_KEY by that provider, else built in; the same for embed_query.
import { serve } from '../_shared/handle.ts';
import { entry } from './task.ts';

serve(entry);
