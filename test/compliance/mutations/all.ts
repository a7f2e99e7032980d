/** Every mutation. */
import { mutations as access } from './access.ts';
import { mutations as choosing } from './choosing.ts';
import { mutations as describing } from './describing.ts';
import { mutations as filtering } from './filtering.ts';
import { mutations as listing } from './listing.ts';
import { mutations as members } from './members.ts';
import type { Mutation } from './mutation.ts';
import { mutations as patching } from './patching.ts';
import { mutations as resources } from './resources.ts';
import { mutations as versions } from './versions.ts';
import { mutations as writing } from './writing.ts';

export const mutations: readonly Mutation[] = [
  ...access,
  ...describing,
  ...resources,
  ...writing,
  ...patching,
  ...members,
  ...listing,
  ...filtering,
  ...choosing,
  ...versions,
];
