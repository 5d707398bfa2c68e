/** What a build may name: the project to use instead of the one in /config.json. */
interface ImportMetaEnv {
  readonly VITE_SUPABASE_URL?: string;
  readonly VITE_SUPABASE_KEY?: string;
  /** Names of installed recipes, with commas between. */
  readonly VITE_RECIPES?: string;
}
