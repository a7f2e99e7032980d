/** `linkspan tenant quirks`: what a tenant's identity provider does otherwise than the RFCs ask, and what to do about it. */
import { Command } from 'commander';
import { type CountedQuirk, listQuirks, type QuirkExample } from '../directory/quirks.ts';
import { requireTenant } from '../tenancy/tenants.ts';
import { bold, dim, print, printJson, when, withApp, wrapped } from './terminal.ts';

export const quirks = () =>
  new Command('quirks')
    .description('what its identity provider does otherwise than the RFCs ask, and what to do about it')
    .argument('<tenant>')
    .option('--json', 'as JSON')
    .action((tenant: string, { json }: { json?: boolean }) =>
      withApp(async ({ store }) => {
        await requireTenant(store, tenant);
        const counted = await listQuirks(store, tenant);
        if (json) return printJson(counted);
        if (counted.length === 0) return print(`Nothing that "${tenant}" was sent is otherwise than the RFCs ask.`);
        print(quirkTable(counted, process.stdout.columns ?? PROSE));
      }),
    );

/** Longer lines of prose are hard to read. */
const PROSE = 100;

/** A line for each rule within `columns`, and below it what it means; an example that does not fit moves below too. */
export function quirkTable(counted: readonly CountedQuirk[], columns: number): string {
  const header = ['RULE', 'TIMES', 'LAST'];
  const rows = counted.map(({ rule, count, lastAt }) => [rule, String(count), when(lastAt)]);
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const room = columns - widths.reduce((sum, width) => sum + width + 2, 0);
  const line = ([rule = '', times = '', last = '']: readonly string[], example: string) =>
    [rule.padEnd(widths[0] ?? 0), times.padStart(widths[1] ?? 0), last.padEnd(widths[2] ?? 0), example]
      .join('  ')
      .trimEnd();
  const examples = counted.map(({ example }) => exampleText(example));
  const blocks = counted.map(({ rule, does, advice }, index) => {
    const example = examples[index] ?? '';
    const fits = example.length <= room;
    const text = [...(fits ? [] : [`in ${example}`]), `${does} ${advice}`];
    const below = text.flatMap((paragraph) => wrapped(paragraph, Math.min(columns, PROSE) - 2));
    const first = line(rows[index] ?? [], fits ? example : '').replace(rule, bold(rule));
    return [first, ...below.map((each) => dim(`  ${each}`))].join('\n');
  });
  const anyFits = examples.some((example) => example.length <= room);
  return [dim(line(header, anyFits ? 'EXAMPLE' : '')), blocks.join('\n\n')].join('\n');
}

function exampleText({ method, type, path, client }: QuirkExample): string {
  return `${[method, type, path].filter((part) => part !== null).join(' ')}${client ? ` (${client})` : ''}`;
}
