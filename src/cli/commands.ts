// All commands, in the order in which the help lists them.
import { apply } from './apply.ts';
import { audit } from './audit.ts';
import { check } from './check.ts';
import { conflicts } from './conflicts.ts';
import { connections } from './connections.ts';
import { deliveries } from './deliveries.ts';
import { domains } from './domains.ts';
import { explain } from './explain.ts';
import { holds } from './holds.ts';
import { members } from './members.ts';
import { migrateCommand } from './migrate.ts';
import { recomputeCommand } from './recompute.ts';
import { requests } from './requests.ts';
import { saml } from './saml.ts';
import { serve } from './serve.ts';
import { syncCommand } from './sync.ts';
import { token } from './token.ts';
import { vacancies } from './vacancies.ts';
import type { Command } from './command.ts';

export const commands: readonly Command[] = [
  serve,
  check,
  migrateCommand,
  apply,
  syncCommand,
  explain,
  members,
  vacancies,
  holds,
  conflicts,
  connections,
  recomputeCommand,
  deliveries,
  token,
  requests,
  saml,
  domains,
  audit,
];
