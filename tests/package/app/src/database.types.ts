// As `supabase gen types typescript` writes it for the entries table and the sync functions.

export type Json =
  | string
  | number
  | boolean
  | null
  | { [key: string]: Json | undefined }
  | Json[]

export type Database = {
  // Allows to automatically instantiate createClient with right options
  // instead of createClient<Database, { PostgrestVersion: 'XX' }>(URL, KEY)
  __InternalSupabase: {
    PostgrestVersion: "13.0.5"
  }
  public: {
    Tables: {
      entries: {
        Row: {
          _at: Json | null
          _rev: number
          amount: number | null
          body: string | null
          created_at: string
          happened_on: string | null
          id: string
          meta: Json | null
          mood: number | null
          pinned: boolean
          slug: string | null
          status: string
          tags: Json
          title: string
          updated_at: string
          user_id: string
        }
        Insert: {
          _at?: Json | null
          _rev?: number
          amount?: number | null
          body?: string | null
          created_at?: string
          happened_on?: string | null
          id?: string
          meta?: Json | null
          mood?: number | null
          pinned?: boolean
          slug?: string | null
          status?: string
          tags?: Json
          title: string
          updated_at?: string
          user_id?: string
        }
        Update: {
          _at?: Json | null
          _rev?: number
          amount?: number | null
          body?: string | null
          created_at?: string
          happened_on?: string | null
          id?: string
          meta?: Json | null
          mood?: number | null
          pinned?: boolean
          slug?: string | null
          status?: string
          tags?: Json
          title?: string
          updated_at?: string
          user_id?: string
        }
        Relationships: []
      }
    }
    Views: {
      [_ in never]: never
    }
    Functions: {
      thermocline_pull: {
        Args: {
          client?: string
          max_rows?: number
          own_xids?: Json
          round?: string
          tables?: Json
          v: number
        }
        Returns: Json
      }
      thermocline_push: {
        Args: { batch?: Json; client?: string; v: number }
        Returns: Json
      }
      thermocline_schema: { Args: { tables?: Json; v: number }; Returns: Json }
    }
    Enums: {
      [_ in never]: never
    }
    CompositeTypes: {
      [_ in never]: never
    }
  }
}
