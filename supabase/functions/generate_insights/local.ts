// The texts that need no provider, word for word those of the device: parts in one order, each only if there is something to say.

/** As context_insights() answers them; numbers may lack trailing zeros. */
export interface HourFigures {
  hours: number;
  totalSamples: number;
  avgFocus: number;
  avgEnergy: number;
  trend: 'improving' | 'declining' | 'stable';
  /** A local hour. */
  peakTime: number | null;
  topActivity: { name: string; count: number } | null;
}

/** Of the last 30 days; the rate is a whole percentage, the hour local. */
export interface PatternFigures {
  urges: number;
  leaks: number;
  transmuted: number;
  transmutationRate: number | null;
  topLeakHour: number | null;
  topKata: string | null;
  trend: 'improving' | 'declining' | 'stable';
}

const clock = (hour: number) => `${String(hour).padStart(2, '0')}:00`;
const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;

export function dayText({ hours, totalSamples, avgFocus, avgEnergy, trend, peakTime, topActivity }: HourFigures): string {
  const window = hours === 1 ? 'hour' : `${hours} hours`;
  if (totalSamples === 0) return `In the last ${window}: no samples.`;
  const parts = [`In the last ${window}: ${counted(totalSamples, 'sample')}.`, `Focus ${avgFocus.toFixed(2)} on average, ${trend}.`, `Energy ${avgEnergy.toFixed(2)} on average.`];
  if (peakTime !== null) parts.push(`Best hour ${clock(peakTime)}.`);
  if (topActivity) parts.push(`Mostly ${topActivity.name} (${topActivity.count} of ${totalSamples}).`);
  return parts.join(' ');
}

export function attunementText({ urges, leaks, transmuted, transmutationRate, topLeakHour, topKata, trend }: PatternFigures): string {
  const parts = [];
  if (transmutationRate !== null) {
    parts.push(`In the last 30 days: ${transmuted} of ${counted(urges, 'urge')} transmuted (${transmutationRate} %), ${trend === 'stable' ? 'steady' : trend}.`);
  }
  if (topLeakHour !== null) parts.push(`${counted(leaks, 'leak')}, most around ${clock(topLeakHour)}.`);
  if (topKata !== null) parts.push(`Practised most: ${topKata}.`);
  if (parts.length === 0) parts.push('Nothing was logged in the last 30 days: one entry today gives the next question something to stand on.');
  return parts.join(' ');
}
