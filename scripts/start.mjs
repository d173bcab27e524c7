// `npm start`: builds the page where that is due, then is the server. Arguments are those of `kandid serve`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const LOOK_MS = 200;

// A process of its own: what building takes in memory is given back.
spawnSync(process.execPath, [fileURLToPath(new URL('page.mjs', import.meta.url))], { stdio: 'inherit' });

// npm passes signals on to the shell that it runs this in, and many shells end by them without passing them on.
const shell = process.ppid;
const timer = setInterval(() => {
  if (process.ppid === shell) return;
  clearInterval(timer);
  process.kill(process.pid, 'SIGTERM');
}, LOOK_MS).unref();

process.argv.splice(2, 0, 'serve');
await import('../src/main.ts');
