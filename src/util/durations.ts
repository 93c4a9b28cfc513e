const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The form of a duration: numbers with units, largest first by custom, such as `2160h`, `90d`, `1h30m`, `500ms`. */
export const DURATION = /^(?:[0-9]{1,9}(?:ms|s|m|h|d))+$/;

/** A duration in milliseconds, or `undefined` where the text is none. */
export function parseDurationMs(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  const parts = text.matchAll(/([0-9]+)(ms|s|m|h|d)/g);
  return parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (UNITS[unit] ?? 0), 0);
}
