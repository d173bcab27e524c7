/** Options of the commands that serve: server settings as flags. */
import type { Command } from 'commander';
import { DEVICE_CHOICES } from '../runtime/device.ts';
import { loadServerSettings, type ServerFlags, type ServerSettings } from '../server/settings.ts';
import type { Io } from './io.ts';
import { several, wrongValue } from './values.ts';

export interface ServiceFlags extends Omit<ServerFlags, 'allowedHosts' | 'guideTimeout' | 'defaultModel'> {
  readonly model?: string;
  readonly allowHost?: string[];
  readonly set?: Record<string, string>;
}

export function addServiceOptions(command: Command): Command {
  return command
    .option('--config <file>', 'settings as JSON')
    .option('-m, --model <name>', 'model for requests that name none')
    .option('--models <dir>', 'folder of models, searched first (repeatable)', several)
    .option('--guides <dir>', 'folder of your own guides (repeatable)', several)
    .option('--device <device>', DEVICE_CHOICES)
    .option('--devices <device>', 'one worker process on each (repeatable)', several)
    .option('--threads <n>', 'threads of one run on the CPU')
    .option('--allow-host <host>', 'host that guides may call (repeatable)', several)
    .option('--log-level <level>', 'trace, debug, info, warn, error, fatal or silent')
    .option('--set <name=value>', 'any other setting (repeatable)', setting);
}

/** @throws {KandidError} setting_invalid, file_unreadable */
export function serviceSettings({ model, allowHost, set = {}, ...rest }: ServiceFlags, io: Io): ServerSettings {
  return loadServerSettings({ ...set, ...rest, defaultModel: model, allowedHosts: allowHost }, io.environment);
}

function setting(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [, name, value] = /^(\w+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw wrongValue('--set', text, 'name=value');
  return { ...before, [name]: value };
}
