// `npm start`: builds the page if it is out of date, then runs the server. Arguments are those of `kandid serve`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const LOOK_MS = 200;

// A separate process, so that the memory of the build is released.
spawnSync(process.execPath, [fileURLToPath(new URL('page.mjs', import.meta.url))], { stdio: 'inherit' });

// npm sends signals to the shell that runs this, and many shells exit without forwarding them.
const shell = process.ppid;
const timer = setInterval(() => {
  if (process.ppid === shell) return;
  clearInterval(timer);
  process.kill(process.pid, 'SIGTERM');
}, LOOK_MS).unref();

// Without "--" in between, npm takes an option for its own: `npm start --port 8081` is "true" and an argument 8081.
const { npm_config_port: port } = process.env;
if (port === 'true') process.argv.splice(2, 0, '--port');
else if (port) process.argv.splice(2, 0, '--port', port);
process.argv.splice(2, 0, 'serve');
await import('../src/main.ts');
