#!/usr/bin/env node
import { processIo } from './cli/io.ts';
import { runCommandLine } from './cli/program.ts';

process.exitCode = await runCommandLine(process.argv.slice(2), processIo());
