// Times as directories write them: 20261125152545Z, with fractions or an offset (RFC 4517 section 3.3.13).

const TIME = /^(\d{4})(\d{2})(\d{2})(\d{2})(?:(\d{2})(\d{2})?)?(?:[.,](\d+))?(Z|[+-]\d{2}(?:\d{2})?)$/;
const MINUTE = 60_000;

/** Milliseconds since 1970; null for what is no such time. */
export function parseGeneralizedTime(text: string): number | null {
  const found = TIME.exec(text);
  if (found === null) return null;
  const [, year, month, day, hour, minute, second, fraction, zone = 'Z'] = found;
  const date = new Date(0);
  // Date.UTC reads the years 0 to 99 as 1900 to 1999, and year 0 is what OpenLDAP writes for "locked for good".
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute ?? 0), Number(second ?? 0));
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return null;
  const unit = second !== undefined ? 1000 : minute !== undefined ? MINUTE : 60 * MINUTE;
  const part = fraction === undefined ? 0 : Number(`0.${fraction}`) * unit;
  return date.getTime() + part - offsetMinutes(zone) * MINUTE;
}

function offsetMinutes(zone: string): number {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3) || 0);
  return zone.startsWith('-') ? -minutes : minutes;
}
