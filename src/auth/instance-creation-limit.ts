import { SetMetadata } from '@nestjs/common';

export const INSTANCE_CREATION_LIMIT = Symbol('instance creation limit');

/** The route makes an instance: besides the general limit it has a smaller one of its own for each token. */
export const InstanceCreationLimit = () => SetMetadata(INSTANCE_CREATION_LIMIT, true);
