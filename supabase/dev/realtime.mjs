export async function attachRealtime() {
  return { async close() {} };
}
