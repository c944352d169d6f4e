declare module 'class-transformer/cjs/storage.js' {
  import type { MetadataStorage } from 'class-transformer/types/MetadataStorage.js';
  /** What `@Type()` declared; the package itself exports no way to ask. */
  export const defaultMetadataStorage: MetadataStorage;
}
