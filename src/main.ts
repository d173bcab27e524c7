#!/usr/bin/env node
import { processIo } from './cli/io.ts';
import { runCommandLine } from './cli/program.ts';
import { isInferenceProcess, runAgain } from './cli/respawn.ts';

const words = process.argv.slice(2);
process.exitCode =
  words[0] === 'bench' && !isInferenceProcess() ? await runAgain() : await runCommandLine(words, processIo());
