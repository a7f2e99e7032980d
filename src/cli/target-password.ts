/** `linkspan target password`: a new password for somebody who cannot get in, shown once and kept nowhere. */
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { readablePassword, setPassword } from '../sync/admin/set-password.ts';
import { AdminError } from '../tenancy/tenants.ts';
import { whoAmI } from './hold.ts';
import { dim, good, print, printJson, withApp } from './terminal.ts';
import { openLanes, requireUser } from './users.ts';

interface Options {
  stdin?: boolean;
  show?: boolean;
  json?: boolean;
}

const LONGEST = 256;

export const targetPassword = () =>
  new Command('password')
    .description("set a new random password for a user's account, and show it once")
    .argument('<tenant>')
    .argument('<target>')
    .argument('<user>', 'userName, externalId, id or e-mail address')
    .option('--stdin', 'set the password that standard input holds, and show nothing')
    .option('--show', 'show it even where the output goes into a file or a pipe')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nIt goes straight to the system and is stored nowhere; who set one and when is in the activity log.' +
        '\nOnly for accounts that exist and should have access, in systems that have a call for it.',
    )
    .action((tenant: string, name: string, user: string, options: Options) =>
      withApp(async (app) => {
        requireReader(options);
        const userId = await requireUser(app, tenant, user);
        const [lane] = await openLanes(app, tenant, name);
        if (!lane) return;
        const password = options.stdin ? await given() : readablePassword();
        const activityId = await setPassword(app.store, lane, { userId, user, password, actor: whoAmI() });
        const shown = options.stdin ? {} : { password };
        if (options.json) printJson({ tenant, target: name, user, userId, activityId, ...shown });
        else if (!options.stdin) print(password);
        process.stderr.write(
          `${good('It is set')} for ${user} in "${name}"${options.stdin ? '' : ', and not shown again'}.\n`,
        );
        process.stderr.write(`${dim(`What was called: linkspan why ${activityId} --tenant ${tenant}`)}\n`);
      }),
    );

/** @throws AdminError before anything is set, where the password would be written into a file unasked. */
function requireReader({ stdin, show }: Options): void {
  if (stdin || show || process.stdout.isTTY) return;
  throw new AdminError(
    'The output goes into a file or a pipe, and the password with it. Add --show if that is meant, or give one with --stdin.',
  );
}

/** One line; what ends it is no part of the password. @throws AdminError */
async function given(): Promise<string> {
  if (process.stdin.isTTY)
    throw new AdminError('Pipe the password in: what is typed here could be read on the screen.');
  const password = (await text(process.stdin)).replace(/\r?\n$/, '');
  if (password === '') throw new AdminError('Standard input holds no password.');
  if (/\p{Cc}/u.test(password))
    throw new AdminError('Standard input holds more than one line, or a control character.');
  if ([...password].length > LONGEST) throw new AdminError(`The password is longer than ${LONGEST} characters.`);
  return password;
}
