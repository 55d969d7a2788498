// Loaded into the measured process: at its end it tells the most memory that it ever had, in kilobytes.
import { writeSync } from 'node:fs';

process.on('exit', () => writeSync(2, `\npeak ${process.resourceUsage().maxRSS}\n`));
