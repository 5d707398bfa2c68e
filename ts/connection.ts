/** What the browser tells of the connection, in windows and workers. */

/** What browsers that tell say of the connection. */
type Connection = EventTarget & { saveData?: boolean; type?: string };

export const connection = (): Connection | undefined =>
  typeof navigator === "undefined" ? undefined : (navigator as { connection?: Connection }).connection;

/** Whether the user pays for what is carried, or has asked to save. */
export function isMetered(): boolean {
  const { saveData = false, type } = connection() ?? {};
  return saveData || type === "cellular";
}
