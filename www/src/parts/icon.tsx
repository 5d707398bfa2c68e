/** The app's line icons, 24 × 24, drawn here so that nothing has to be fetched for them. */

const PATHS = {
  entries: "M5 4h11a3 3 0 0 1 3 3v13H8a3 3 0 0 1-3-3V4Zm0 13a3 3 0 0 1 3-3h11M9 8h6",
  context: "M12 3a9 9 0 1 0 9 9M12 8v4l3 2M15.500 3.700a9 9 0 0 1 4.800 4.800",
  path: "M4 20c5 0 3-6 8-6s3-6 8-6m0 0-3-3m3 3-3 3",
  projects: "M4 5h7v6H4V5Zm9 0h7v10h-7V5ZM4 13h7v6H4v-6Zm9 4h7v2h-7v-2Z",
  data: "M12 4v10m0 0 4-4m-4 4-4-4M5 16v3a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1v-3",
  sync: "M4.5 11a7.6 7.6 0 0 1 13-4.4L20 9m0-5v5h-5M19.5 13a7.6 7.6 0 0 1-13 4.4L4 15m0 5v-5h5",
  synced: "m5 12.5 4.5 4.5L19 7.5",
  waiting: "M12 20V8m0 0-5 5m5-5 5 5M5 4h14",
  offline: "M4 4l16 16M8.5 8.8A6 6 0 0 0 7 19h10c.7 0 1.3-.1 1.9-.4M11 7.1A6 6 0 0 1 17.6 11a4 4 0 0 1 3.2 5.2",
  refused: "M12 4 2.8 20h18.4L12 4Zm0 6v4.5m0 2.6v.1",
  stopped: "M9 6v12M15 6v12",
  add: "M12 5v14M5 12h14",
  back: "m14 6-6 6 6 6",
  search: "m20 20-4.5-4.5M17 10.5a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0Z",
  pin: "M9 4h6l-1 6 3 3v2H7v-2l3-3-1-6Zm3 11v5",
  close: "m6 6 12 12M18 6 6 18",
  trash: "M5 7h14M10 7V4h4v3m-7 0 1 13h8l1-13",
  pencil: "M5 19h3L19 8l-3-3L5 16v3Z",
  account: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-7 8c.500-3.5 3.4-5.5 7-5.5s6.5 2 7 5.5",
  device: "M4 7c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3Zm0 0v10c0 1.7 3.6 3 8 3s8-1.3 8-3V7M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3",
} as const;

export type IconName = keyof typeof PATHS;

/** An icon beside words that say the same, so it is hidden from screen readers. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
