/** The two largest units: `6 days 4 hours`, `24 minutes 59 seconds`. */
export function duration(ms: number): string {
  const totalSeconds = Math.max(0, Math.floor(ms / 1_000));
  const parts: [number, string][] = [
    [Math.floor(totalSeconds / 86_400), 'day'],
    [Math.floor(totalSeconds / 3_600) % 24, 'hour'],
    [Math.floor(totalSeconds / 60) % 60, 'minute'],
    [totalSeconds % 60, 'second'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first === -1) return '0 seconds';
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}${count === 1 ? '' : 's'}`)
    .join(' ');
}
