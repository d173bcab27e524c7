// Fetches ONNX Runtime's CUDA provider, which its npm package leaves out and .npmrc keeps from being downloaded on install.
// `node scripts/setup-cuda.mjs --check` only says whether it is there.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const LIBRARIES = ['shared', 'cuda', 'tensorrt'].map((name) => `libonnxruntime_providers_${name}.so`);

const runtime = dirname(dirname(createRequire(import.meta.url).resolve('onnxruntime-node')));
const folder = join(runtime, 'bin', 'napi-v6', process.platform, process.arch);

if (process.platform !== 'linux' || process.arch !== 'x64')
  stop(`ONNX Runtime has CUDA for Linux on x64 only; this is ${process.platform} on ${process.arch}. Use device cpu.`);
if (missing().length === 0) done('was there already');
if (process.argv.includes('--check')) stop(`missing: ${missing().join(', ')}. Run "npm run setup:cuda".`);

// "true" forces the download. "cuda12" is documented to, but is taken as unset in 1.30, and then nothing is fetched when
// npm runs this from the project's own folder.
const environment = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'true' };
const install = join(runtime, 'script', 'install.js');
const { status } = spawnSync(process.execPath, [install], { cwd: runtime, env: environment, stdio: 'inherit' });

if (missing().length > 0)
  stop(
    `the download ended with status ${status} and left these missing: ${missing().join(', ')}.\n` +
      'It needs the internet (behind a proxy, set GLOBAL_AGENT_HTTPS_PROXY) and about 1 GB of space.',
  );
done('was fetched');

function missing() {
  return LIBRARIES.filter((file) => !existsSync(join(folder, file)));
}

function done(how) {
  console.log(
    `The CUDA provider ${how}: ${folder}\nIt also needs CUDA 12 and cuDNN 9; "kandid doctor" tells whether it loads.`,
  );
  process.exit(0);
}

function stop(why) {
  console.error(`setup:cuda: ${why}`);
  process.exit(1);
}
