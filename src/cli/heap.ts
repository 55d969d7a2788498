// How far V8 lets memory grow before it collects what is no longer used. Left to itself it keeps 130 MB for what is new
// and several times of what is used for the rest: right for a server, too much for one run over a large directory.
import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Of what is used: the heap is collected when it has grown by as much. */
const GROWING_PERCENT = 100;
const ENOUGH_FOR_THE_NEW = 8 * 2 ** 20;
const LOOK_MS = 50;
/** Of less, collecting by itself is soon enough. */
const LARGE = 100 * 2 ** 20;

/**
 * From now on, for as long as the process lives. Both are read by V8 whenever it decides, so they can be given to a
 * process that runs; the limits that Node takes as options can not.
 */
export function collectEarly(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWING_PERCENT}`);
  // The space for what is new begins small, and each time it grows it doubles: until it is large enough.
  const looking = setInterval(() => {
    const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
    if (space === undefined || space.space_size < ENOUGH_FOR_THE_NEW) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    clearInterval(looking);
  }, LOOK_MS);
  looking.unref();
}

/** To be called where much is known to be no longer used: what comes next would be taken beside it. */
export function collectNow(): void {
  if (getHeapStatistics().used_heap_size < LARGE) return;
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
}
