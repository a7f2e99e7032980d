/** Every mutation. */
import { mutations as access } from './access.ts';
import { mutations as changing } from './changing.ts';
import { mutations as choosing } from './choosing.ts';
import { mutations as common } from './common.ts';
import { mutations as creating } from './creating.ts';
import { mutations as cursors } from './cursors.ts';
import { mutations as describing } from './describing.ts';
import { mutations as errors } from './errors.ts';
import { mutations as filtering } from './filtering.ts';
import { mutations as listing } from './listing.ts';
import { mutations as members } from './members.ts';
import type { Mutation } from './mutation.ts';
import { mutations as patching } from './patching.ts';
import { mutations as removing } from './removing.ts';
import { mutations as replacing } from './replacing.ts';
import { mutations as resources } from './resources.ts';
import { mutations as searching } from './searching.ts';
import { mutations as sorting } from './sorting.ts';
import { mutations as uniqueness } from './uniqueness.ts';
import { mutations as versions } from './versions.ts';

export const mutations: readonly Mutation[] = [
  ...access,
  ...errors,
  ...describing,
  ...common,
  ...resources,
  ...uniqueness,
  ...creating,
  ...removing,
  ...replacing,
  ...patching,
  ...changing,
  ...members,
  ...listing,
  ...cursors,
  ...sorting,
  ...searching,
  ...filtering,
  ...choosing,
  ...versions,
];
