/** A Vulkan driver that computes on the CPU, which Chromium brings: WebGPU without a GPU. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** Why there is no WebGPU without a GPU here; false if there is. With KANDID_TEST_WEBGPU=required there must be. */
export const noSwiftShader: string | false = missing();
if (noSwiftShader && process.env.KANDID_TEST_WEBGPU === 'required') throw new Error(noSwiftShader);

function missing(): string | false {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'ONNX Runtime has WebGPU on Linux for x64 only';
  if (!existsSync(DRIVER)) return "there is no SwiftShader here: install Debian's Chromium";
  const { stdout } = spawnSync('ldconfig', ['-p'], { encoding: 'utf8', env: { PATH: '/sbin:/usr/sbin' } });
  return /libvulkan\.so\.1 /.test(String(stdout)) ? false : 'there is no Vulkan here: install libvulkan1';
}

/** Runs Node.js on a file with this driver, or another; in a process of its own, since faults of a driver end the process. */
export function runOnSwiftShader(words: readonly string[], driver = DRIVER) {
  const env = { ...process.env, VK_DRIVER_FILES: driver, NODE_TEST_CONTEXT: undefined };
  const options = { encoding: 'utf8', env, timeout: 120_000 } as const;
  return spawnSync(process.execPath, ['--import', 'tsx', ...words], options);
}
