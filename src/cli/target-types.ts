/** `linkspan target types`: what a target can be, and everything that can be set of it. */
import { Command } from 'commander';
import { Pace } from '../sync/lanes/pace.ts';
import { targetTypes as registered } from '../targets/registry.ts';
import type { TargetType } from '../targets/target.ts';
import { columnsOf } from './facts.ts';
import { bold, dim, print, printJson, wrapped } from './terminal.ts';

interface Setting {
  name: string;
  description: string;
  isSecret?: boolean;
  /** As the server takes it where nothing is set. */
  default?: unknown;
}

export const targetTypes = () =>
  new Command('types')
    .description('list the target types, their settings, and the pace of all')
    .option('--json', 'as JSON')
    .action(({ json }: { json?: boolean }) => {
      const types = [...registered.values()].map((type) => ({
        type: type.type,
        title: type.title,
        settings: settingsOf(type),
      }));
      if (json) return printJson({ types, pace: paceSettings() });
      const columns = columnsOf();
      for (const { type, title, settings } of types) {
        print(`${bold(type)}  ${title}\n${settings.map((each) => settingText(each, columns)).join('\n')}\n`);
      }
      print(`${bold('Times and limits')} of every target, set with --pace`);
      print(
        paceSettings()
          .map((each) => settingText(each, columns))
          .join('\n'),
      );
    });

function settingsOf({ settings, secrets }: TargetType): Setting[] {
  return Object.entries(settings.shape).map(([name, setting]) => ({
    name,
    description: setting.description ?? '',
    ...(secrets.includes(name) && { isSecret: true }),
  }));
}

function paceSettings(): Setting[] {
  return Object.entries(Pace.parse({})).map(([name, value]) => ({
    name,
    description: Pace.shape[name as keyof Pace].description ?? '',
    default: value,
  }));
}

const INDENT = '      ';

function settingText({ name, description, isSecret, default: preset }: Setting, columns: number): string {
  const note = isSecret ? dim('  secret') : preset === undefined ? '' : dim(`  ${preset}`);
  const lines = wrapped(description, columns - INDENT.length).map((line) => (line === '' ? '' : INDENT + line));
  return [`  ${name}${note}`, ...lines].filter((line) => line !== '').join('\n');
}
