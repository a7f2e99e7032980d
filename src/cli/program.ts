/** `linkspan <command>`: argv to command, errors to plain words and an exit code. */
import { Command } from 'commander';
import { action } from './action.ts';
import { adopt } from './adopt.ts';
import { compliance } from './compliance.ts';
import { demo } from './demo.ts';
import { explain } from './explain.ts';
import { hold } from './hold.ts';
import { plan } from './plan.ts';
import { receipts } from './receipts.ts';
import { reconcile } from './reconcile.ts';
import { sandbox } from './sandbox.ts';
import { serve } from './serve.ts';
import { sync } from './sync.ts';
import { target } from './target.ts';
import { tenant } from './tenant.ts';
import { inPlainWords } from './terminal.ts';
import { token } from './token.ts';
import { why } from './why.ts';

export async function run(argv: readonly string[]): Promise<void> {
  const program = new Command('linkspan')
    .description(
      'A SCIM 2.0 provisioning connector: identity providers push users and groups in, downstream systems follow.',
    )
    .showHelpAfterError('(add --help for what there is)')
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, '')) });

  for (const command of [
    serve,
    demo,
    sandbox,
    tenant,
    token,
    target,
    reconcile,
    adopt,
    hold,
    action,
    plan,
    sync,
    explain,
    why,
    receipts,
    compliance,
  ])
    program.addCommand(command());

  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.stderr.write(`${inPlainWords(error)}\n`);
    process.exitCode = 1;
  }
}
