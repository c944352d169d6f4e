import { SetMetadata } from '@nestjs/common';

export const INSTANCE_CREATION_LIMIT = Symbol('instance creation limit');

/** The route makes an instance: besides the general limit it has a smaller one of its own for each token. */
export const InstanceCreationLimit = () => SetMetadata(INSTANCE_CREATION_LIMIT, true);

export const WEBHOOK_TEST_LIMIT = Symbol('webhook test limit');

/** The route sends a request to a receiver while its caller waits: an account has a small limit for it, over all its tokens. */
export const WebhookTestLimit = () => SetMetadata(WEBHOOK_TEST_LIMIT, true);
