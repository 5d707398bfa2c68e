// Edge Function fetch_sky: sun, moon and charts. Deploy it with: supabase functions deploy fetch_sky
// Secrets, each optional: IPGEOLOCATION_API_KEY (kind cosmic); RAPIDAPI_KEY and ASTROLOGY_URL (natal, transits, trading).
import { serve } from '../_shared/handle.ts';
import { sky } from './task.ts';

serve(sky);
