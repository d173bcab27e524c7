#!/usr/bin/env node
import { processIo } from './cli/io.ts';
import { runCommandLine } from './cli/program.ts';
import { isInferenceProcess, respawn } from './cli/respawn.ts';

const words = process.argv.slice(2);
process.exitCode =
  words[0] === 'bench' && !isInferenceProcess() ? await respawn() : await runCommandLine(words, processIo());
