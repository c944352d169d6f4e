/** The URL of the embedded server's superuser, whom the application is not. */
export function administratorUrl(applicationUrl: string, dataDir: string): Promise<string>;
