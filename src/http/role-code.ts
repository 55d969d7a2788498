// The role codes that existing clients know (organizations.md section 2).
import type { Role, Status } from '../core/role.ts';

const CODES: Readonly<Record<Role, string>> = {
  owner: 'OW',
  administrator: 'AD',
  manager: 'MA',
  reviewer: 'RE',
  annotator: 'AN',
  not_activated: 'NO',
};

export function roleCode({ role, status }: { readonly role: Role; readonly status: Status }): string {
  return status === 'deactivated' ? 'DI' : CODES[role];
}

/** The role that a code or its name stands for; null for neither. */
export function readRole(text: string): Role | null {
  const found = Object.entries(CODES).find(
    ([role, code]) => role === text.toLowerCase() || code === text.toUpperCase(),
  );
  return (found?.[0] as Role | undefined) ?? null;
}
