// The core as one value, so that a law can be run on the real one and on a broken copy.
import * as accountLink from '../../src/core/account-link.ts';
import * as brake from '../../src/core/brake.ts';
import * as connection from '../../src/core/connection.ts';
import * as grant from '../../src/core/grant.ts';
import * as groupGraph from '../../src/core/group-graph.ts';
import * as learn from '../../src/core/learn.ts';
import * as mask from '../../src/core/mask.ts';
import * as membership from '../../src/core/membership.ts';
import * as plan from '../../src/core/plan.ts';
import * as review from '../../src/core/review.ts';

export const core = {
  ...accountLink,
  ...brake,
  ...connection,
  ...grant,
  ...groupGraph,
  ...learn,
  ...mask,
  ...membership,
  ...plan,
  ...review,
};

export type Core = typeof core;

const FILES = [
  'account-link',
  'brake',
  'connection',
  'grant',
  'group-graph',
  'learn',
  'mask',
  'membership',
  'plan',
  'review',
] as const;

/** The core that stands in another folder. */
export async function coreIn(folder: string): Promise<Core> {
  const modules = await Promise.all(FILES.map(async (file): Promise<object> => import(`${folder}/${file}.ts`)));
  return Object.assign({}, ...modules) as Core;
}
