// Edge Function export_history: a person's snapshots and daily insights as one file. Deploy it with: supabase functions deploy export_history
import { serve } from '../_shared/handle.ts';
import { history } from './task.ts';

serve(history);
