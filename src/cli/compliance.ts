/** `linkspan compliance`: the compliance runner, which knows nothing of this product, under the product's name. */
import { Command } from 'commander';

export const compliance = () =>
  new Command('compliance')
    .description('measure any SCIM 2.0 server against RFC 7643, 7644 and 9865')
    // It reads its own arguments, help included: it is also run by itself.
    .helpOption(false)
    .addHelpText('after', '\nAll that can be said: linkspan compliance --help')
    .allowUnknownOption()
    .allowExcessArguments()
    .argument('[arguments...]')
    .action(async (_arguments: string[], _options, { args }: Command) => {
      const { main } = await import('../../compliance/main.ts');
      process.exitCode = await main(args);
    });
