// Edge Function generate_insights: figures in words. Deploy it with: supabase functions deploy generate_insights
// With the secret OPENAI_API_KEY (and OPENAI_MODEL, if another is wanted) a language model writes them, else the function itself.
import { serve } from '../_shared/handle.ts';
import { insights } from './task.ts';

serve(insights);
