// What outlives a collection or two, as the entries of a large directory do; prints how much V8 keeps for what is new.
import { setImmediate as turn } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';
import { collectEarly } from '../../src/cli/heap.ts';

if (process.argv[2] === 'early') collectEarly();
const kept: string[][] = [];
for (let round = 0; round < 600; round += 1) {
  kept.push(Array.from({ length: 5_000 }, (_, entry) => `${round} ${entry}`));
  if (kept.length > 40) kept.shift();
  await turn();
}
console.log(getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size);
