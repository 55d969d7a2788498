// Instants of SCIM (xsd:dateTime) in one comparable spelling. Clients send up to nine fraction digits; a Date holds
// three, so the fraction is kept as text.

const DATE_TIME = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)?$/i;

/** `2026-01-01T00:00:00.123456700Z`; null for what is no instant. A missing zone is UTC. */
export function dateTimeKey(written: string): string | null {
  const [, day, time, fraction = '', zone = 'Z'] = DATE_TIME.exec(written.trim()) ?? [];
  if (day === undefined || time === undefined) return null;
  const seconds = Date.parse(`${day}T${time}${zone.toUpperCase()}`);
  if (Number.isNaN(seconds)) return null;
  return `${new Date(seconds).toISOString().slice(0, 19)}.${fraction.padEnd(9, '0')}Z`;
}
