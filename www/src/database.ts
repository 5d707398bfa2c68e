/**
 * The project's tables as `supabase gen types typescript` writes them, for supabase-js.
 * Regenerate it after a migration; do not edit it by hand.
 */

export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  public: {
    Tables: {
      entries: {
        Row: {
          amount: number | null;
          body: string | null;
          created_at: string;
          happened_on: string | null;
          id: string;
          meta: Json | null;
          mood: number | null;
          pinned: boolean;
          slug: string | null;
          status: string;
          tags: Json;
          title: string;
          updated_at: string;
          user_id: string;
        };
        Insert: {
          amount?: number | null;
          body?: string | null;
          created_at?: string;
          happened_on?: string | null;
          id?: string;
          meta?: Json | null;
          mood?: number | null;
          pinned?: boolean;
          slug?: string | null;
          status?: string;
          tags?: Json;
          title: string;
          updated_at?: string;
          user_id?: string;
        };
        Update: {
          amount?: number | null;
          body?: string | null;
          created_at?: string;
          happened_on?: string | null;
          id?: string;
          meta?: Json | null;
          mood?: number | null;
          pinned?: boolean;
          slug?: string | null;
          status?: string;
          tags?: Json;
          title?: string;
          updated_at?: string;
          user_id?: string;
        };
        Relationships: [];
      };
    };
    Views: { [_ in never]: never };
    Functions: { [_ in never]: never };
    Enums: { [_ in never]: never };
    CompositeTypes: { [_ in never]: never };
  };
};
