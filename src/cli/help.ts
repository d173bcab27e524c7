/** The help page: all commands on one screen of 24 lines. */
import type { Command } from 'commander';

const EXAMPLE = 'kandid generate "a woman with red hair" --grid';

export function helpPage(program: Command): string {
  const shown = program
    .createHelp()
    .visibleCommands(program)
    .map((command) => {
      const words = command.registeredArguments.map((argument) => {
        const word = `${argument.name().toUpperCase()}${argument.variadic ? '…' : ''}`;
        return argument.required ? word : `[${word}]`;
      });
      return [[command.name(), ...words].join(' '), command.summary()] as const;
    });
  const width = Math.max(...shown.map(([usage]) => usage.length));
  return [
    `kandid: ${program.description()}`,
    ...shown.map(([usage, summary]) => `  ${usage.padEnd(width)}  ${summary}`),
    `  ${EXAMPLE}      kandid COMMAND --help`,
    '',
  ].join('\n');
}
